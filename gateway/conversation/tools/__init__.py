"""Function tools over a model that knows none (public-api 7).

`instructions` describes the tools in the prompt, `ToolSieve` finds the calls in the
answer, `written_back` puts earlier calls into the history.
"""

from gateway.conversation.tools.prompt import instructions, written_back
from gateway.conversation.tools.sieve import ToolSieve

__all__ = ["ToolSieve", "instructions", "written_back"]
