"""The words of summary mode: titles and sentences it prints, keywords it looks for."""

import re
from dataclasses import dataclass
from enum import IntEnum


class Section(IntEnum):
    UNDERSTANDING = 0
    SCOPE = 1
    EVIDENCE = 2
    FINDING = 3


@dataclass(frozen=True, slots=True)
class Phrases:
    """What summary mode says in one language; `titles` are indexed by Section."""

    titles: tuple[str, str, str, str]
    full_stop: str
    search: str
    agents: str
    posts: str
    page: str
    images: str
    code: str


ENGLISH = Phrases(
    titles=("Understanding", "Research Scope", "Verification", "Key Findings"),
    full_stop=".",
    search="Searching the web for {}",
    agents="Several agents work on this in parallel",
    posts="Checking posts on X about {}",
    page="Reading {}",
    images="Looking for images of {}",
    code="Running code to check the result",
)
CHINESE = Phrases(
    titles=("理解问题", "研究范围", "核实", "关键发现"),
    full_stop="。",
    search="在网上搜索：{}",
    agents="多个智能体正在并行研究",
    posts="查看 X 上的相关讨论：{}",
    page="阅读网页：{}",
    images="搜索图片：{}",
    code="运行代码核对结果",
)


def words(english: str, chinese: str) -> re.Pattern[str]:
    """Any of the words; English ones whole and in any case, given with `|` between."""
    return re.compile(rf"\b(?:{english})\b|{chinese}", re.IGNORECASE)


GENERIC_HEADER = words("thinking about your request", "思考你的请求|思考您的请求")
PROGRESS = words(
    "search|searching|browsing|browse|checking|planning|looking|gathering|collecting"
    "|comparing|exploring|reviewing|investigating|verifying|reading|examining",
    "搜索|浏览|检查|计划|查找|收集|比较|探索|查看|核实|阅读",
)
CHECK = words(
    "check|checking|verify|verifying|verification|validate|validating|cross-check"
    "|confirming|double-check|fact-check",
    "检查|核实|验证|核对|确认一下",
)
FINDING = words(
    "confirmed|confirms|released|latest|found|shows|announced|established|concluded"
    "|according to|therefore|turns out",
    "已确认|确认了|已发布|最新|发现|显示|宣布|结论|因此",
)
RUMOUR = words(
    "rumou?rs?|rumou?red|speculation|unconfirmed|leaks?|leaked|community|users say"
    "|allegedly|claims?",
    "传闻|猜测|未经证实|泄露|社区|网友|据说",
)
OFFICIAL = words(
    "official|officially|primary source|press release|documentation|peer-reviewed"
    "|government|filing|statute",
    "官方|正式|新闻稿|文档|政府|法规",
)
TOPICS = {
    "date": words("date|when|year|schedule|deadline|timeline", "日期|时间|何时|日程"),
    "price": words("prices?|costs?|fees?|budget|cheap", "价格|费用|成本|预算"),
    "version": words("versions?|releases?|updates?|changelog", "版本|发布|更新"),
    "result": words("results?|scores?|winners?|standings", "结果|比分|冠军"),
    "law": words("laws?|legal|regulations?|court|ruling", "法律|法规|法院|判决"),
    "weather": words("weather|forecast|temperature|tides?", "天气|预报|气温|潮汐"),
    "health": words("health|symptoms?|treatment|dose", "健康|症状|治疗|剂量"),
    "code": words("code|function|library|api|bug|error", "代码|函数|接口|错误"),
    "place": words("location|address|city|route|distance", "地点|地址|城市|路线"),
    "people": words("biography|born|founder|ceo|president", "出生|创始人|总统"),
}
DECISIVE_TOPICS = frozenset({"date", "price", "version", "result", "law"})
CLAUSE_END = re.compile(r"(?<=[.!?;])\s+|[\n。！？；]+")
SENTENCE_END = (".", "!", "?", ":", "\n", "。", "！", "？", "：", "…")
CJK = re.compile("[\u3400-\u9fff]")
LATIN = re.compile("[A-Za-z]")
URL = re.compile(r"https?://\S+")
NOT_A_WORD = re.compile(r"[\W_]+")
