"""What each rung says of what it found: a sentence, and what to do or nothing."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

LOOK_AT_NODES = _("See System > Proxy nodes and proxy.egress in the configuration.")
SEE_NAMES = _("Look at this host's name servers, or at the name in the configuration.")
SET_ONE = _(
    "Set up a solver, or cookies by hand: proxy.clearance in the configuration."
)
SOLVE = _("Get a new one, or set up a solver: proxy.clearance in the configuration.")

WAYS: Mapping[str, tuple[Text, Text]] = {
    "no_node": (
        _("A proxied mode is set and no proxy is there: all calls are refused."),
        LOOK_AT_NODES,
    ),
    "node_off": (_("The node %(node)s is switched off."), LOOK_AT_NODES),
    "node_out": (
        _("The node %(node)s is out after %(failures)s failures; tried all the same."),
        "",
    ),
    "direct": (_("Upstream is reached direct."), ""),
    "direct_unused": (
        _("Nothing goes direct while calls go by proxies, not even to try it."),
        _("Examine a proxy node, or change proxy.egress.mode."),
    ),
    "proxied": (_("By the node %(node)s."), ""),
    "name_is_address_proxy": (
        _("The proxy is named by its address, and looks up upstream's names itself."),
        "",
    ),
    "name_is_address_upstream": (_("Upstream is named by its address."), ""),
    "name_unknown_proxy": (_("The name of the proxy leads nowhere."), SEE_NAMES),
    "name_unknown_upstream": (_("The name of upstream leads nowhere."), SEE_NAMES),
    "name_known_proxy": (
        _("The proxy has %(addresses)s addresses; it looks up upstream's names."),
        "",
    ),
    "name_known_upstream": (_("Upstream has %(addresses)s addresses."), ""),
    "connected": (_("Upstream's door answers in %(ms)s ms."), ""),
    "refuses": (
        _("Upstream's host is there and refuses connections: it is down."),
        _("Wait: upstream itself is at fault."),
    ),
    "exit_untold": (_("Upstream does not tell which address it sees."), ""),
    "exit_changed": (
        _("Upstream sees %(address)s; it was %(before)s before."),
        _("A clearance fits one address; get a new one if calls are challenged."),
    ),
    "exit": (_("Upstream sees %(address)s."), ""),
}
PROTECTION: Mapping[str, tuple[Text, Text]] = {
    "no_browser": (
        _("The user agent is that of no browser."),
        _("Set proxy.clearance.user_agent to a browser's own."),
    ),
    "profile_differs": (
        _("The user agent is of %(agent)s, the configured profile of %(profile)s."),
        _("Make proxy.clearance.user_agent and proxy.clearance.browser agree."),
    ),
    "tls_missing": (
        _("TLS is Python's own, though a browser's is wanted."),
        _("Install requirements/impersonate.txt, or stop proxy.egress.impersonate."),
    ),
    "tls_nearest": (
        _("The user agent is of %(agent)s; TLS is spoken as %(tls)s, the nearest."),
        _("Use a user agent of a version that the package has."),
    ),
    "tls_agrees": (_("The user agent is of %(agent)s; TLS is spoken as %(tls)s."), ""),
    "tls_heard": (
        _("The user agent is of %(agent)s; TLS is spoken as %(tls)s: JA4 %(ja4)s."),
        "",
    ),
    "tls_unspoken": (
        _("TLS should be spoken as %(tls)s but is Python's own: JA4 %(ja4)s."),
        _("Install requirements/impersonate.txt anew, as the package does not work."),
    ),
    "tls_own": (
        _("User agent and profile agree: %(agent)s. TLS is Python's own: JA4 %(ja4)s."),
        "",
    ),
    "profile_agrees": (_("User agent and profile agree: %(agent)s."), ""),
    "no_clearance": (_("No clearance is in use, so any user agent fits."), ""),
    "agent_taken": (_("The clearance is taken with the user agent that is sent."), ""),
    "agent_wrong": (
        _("The clearance is refused, and taken from another user agent: %(agent)s"),
        _("Set proxy.clearance.user_agent to that of the browser it comes from."),
    ),
    "agent_wrong_node": (
        _("The clearance is refused, and taken from another user agent: %(agent)s"),
        _("Set the user agent on the node's page to that of its browser."),
    ),
    "agent_of_solver": (_("The user agent that is sent is the solver's."), ""),
    "agent_unproved": (_("The clearance is refused with other user agents, too."), ""),
    "none_set": (_("No clearance is set, and none was needed."), ""),
    "clearance": (_("A clearance of unknown age is sent and taken."), ""),
    "clearance_aged": (_("The clearance is %(age)s minutes old and is taken."), ""),
    "clearance_old": (
        _("The clearance is %(age)s minutes old; it is still taken."),
        _("It should have been renewed: see that the solver works."),
    ),
    "clearance_refused": (
        _("A clearance is sent and refused: it is stale, or of another address."),
        SOLVE,
    ),
    "clearance_refused_aged": (
        _("The clearance is refused; it is %(age)s minutes old."),
        SOLVE,
    ),
    "clearance_unrenewed": (
        _("The clearance, %(age)s minutes old, is refused, and the solver gets none."),
        _("See that the solver runs and reaches upstream through this node."),
    ),
    "clearance_renewed": (
        _("Upstream wanted a new clearance, and the solver got it."),
        "",
    ),
    "clearance_new": (_("The solver got a new clearance just now."), ""),
    "no_challenge": (_("Upstream's page comes without a challenge."), ""),
    "challenged": (_("Upstream asks for a clearance, and none is set."), SET_ONE),
    "challenged_anew": (
        _("Even a new clearance is refused: this exit address is not wanted."),
        _("Use another proxy, or another exit of this one."),
    ),
}
MEMBERSHIP: Mapping[str, tuple[Text, Text]] = {
    "no_account": (_("No account was looked at."), ""),
    "no_account_here": (_("No account takes this way, so none was asked by it."), ""),
    "never_direct": (_("No account goes direct while calls go by proxies."), ""),
    "by_its_own": (_("The account is asked by its own way alone."), ""),
    "pool_empty": (
        _("There is no account that could serve."),
        _("Import accounts, or switch some on."),
    ),
    "unreadable": (
        _("No key of this installation reads the login of the account."),
        _("Bring back the credential keys that it was sealed with."),
    ),
    "signed": (_("Upstream takes what calls are signed with."), ""),
    "statsig_value": (
        _("upstream.statsig_value is refused; a generated one is taken."),
        _("Empty upstream.statsig_value, or set a value that is still good."),
    ),
    "statsig_signer": (
        _("With upstream.statsig_signer_url calls are refused, without it taken."),
        _("Look at the signing service, or empty upstream.statsig_signer_url."),
    ),
    "statsig_fresh": (
        _("The generated x-statsig-id is refused, the fixed one is taken."),
        _("Switch features.dynamic_statsig off."),
    ),
    "statsig_fixed": (
        _("The fixed x-statsig-id is refused, a generated one is taken."),
        _("Switch features.dynamic_statsig on."),
    ),
    "statsig_refused": (
        _("Pages come, but questions are refused for their x-statsig-id."),
        _("Set upstream.statsig_value to one that a browser sends now."),
    ),
    "login_taken": (_("Upstream knows the login of the account."), ""),
    "login_disabled": (
        _("Upstream knows the login; the account is switched off here."),
        _("Enable the account if it is to serve."),
    ),
    "login_expired": (
        _("Upstream knows the login, though the account counts as expired here."),
        _("Refresh the account."),
    ),
    "not_blocked": (_("Upstream does not call the account blocked."), ""),
    "tier": (_("Upstream counts it as %(stored)s, as it is stored."), ""),
    "tier_lower": (
        _("It is stored as %(stored)s, but upstream counts it as %(told)s."),
        _("Refresh the account, or set its tier to what it is."),
    ),
    "tier_higher": (
        _("It is stored as %(stored)s, and upstream counts it as %(told)s."),
        _("Refresh the account: it can serve more."),
    ),
    "tier_short": (
        _("%(model)s is for %(wanted)s accounts; this one is %(stored)s."),
        _("Ask with an account of a fitting tier, or change the model's route."),
    ),
    "tier_untold": (_("Upstream's figures tell no tier; stored is %(stored)s."), ""),
    "quota": (_("Left: %(left)s."), ""),
    "quota_partly": (_("Used up: %(spent)s. Left: %(left)s."), ""),
    "quota_cooling": (
        _("Upstream tells %(left)s, but these modes rest here: %(modes)s."),
        _("They serve again by themselves; clear the cooldown if it is wrong."),
    ),
    "quota_spent": (
        _("Nothing is left: %(left)s."),
        _("Wait, at most %(hours)s h, or add accounts."),
    ),
    "quota_untold": (_("Upstream told nothing about these modes."), ""),
    "no_model": (_("No model was named."), ""),
    "mode_known": (_("Upstream knows the mode %(mode)s."), ""),
    "mode_of_media": (
        _("Upstream tells this account nothing of the mode %(mode)s; media may work."),
        "",
    ),
    "mode_unknown": (
        _("Upstream does not know the mode %(mode)s, which the model %(model)s names."),
        _("Correct the mode of the model under Traffic > Model routes."),
    ),
    "not_asked": (_("Not asked for, as it would use one query of the account."), ""),
    "answered": (_("A small question in mode %(mode)s was answered."), ""),
}
ENDS: Mapping[str, tuple[Text, Text]] = {
    "answers": (_("Upstream answers."), ""),
    "paused": (
        _("Upstream answers, but this process holds back: %(calls)s."),
        _("Calls are let through again with the first one that is answered."),
    ),
    "not_reached": (_("Not reached."), ""),
    "not_told": (_("It got no answer of its own."), ""),
    "refused_here": (_("The call was refused by this gateway; see its log."), ""),
    "too_long": (_("It took too long and was given up."), ""),
}
RUNGS: Mapping[str, tuple[Text, Text]] = {**WAYS, **PROTECTION, **MEMBERSHIP, **ENDS}
