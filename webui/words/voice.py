"""Texts of the voice page: its states, and what may go wrong."""

from django.utils.translation import gettext as _

from webui.words.shell import Words


def personalities() -> Words:
    return {
        "assistant": _("Assistant"),
        "custom": _("Custom"),
        "therapist": _("Therapist"),
        "storyteller": _("Storyteller"),
        "kids_story_time": _("Story time for children"),
        "meditation": _("Meditation"),
        "unhinged": _("Unhinged (18+)"),
        "sexy": _("Sexy (18+)"),
    }


def words() -> Words:
    return {**buttons(), **states(), **lines(), **of_browser(), **of_gateway()}


def buttons() -> Words:
    return {
        "pause": _("Pause"),
        "unpause": _("Resume"),
        "mute": _("Mute sound"),
        "unmute": _("Sound on"),
        "you": _("You"),
        "grok": _("Grok"),
    }


def states() -> Words:
    return {
        "state_idle": _("Not connected"),
        "state_asking": _("Microphone"),
        "state_connecting": _("Connecting"),
        "state_live": _("Connected"),
        "state_speaking": _("Speaking"),
        "state_paused": _("Paused"),
        "state_muted": _("Sound off"),
        "state_reconnecting": _("Reconnecting"),
        "state_lost": _("Connection lost"),
        "state_ended": _("Session over"),
        "state_error": _("Not possible"),
    }


def lines() -> Words:
    return {
        "line_idle": _("Press Start and allow the microphone to talk with Grok."),
        "line_asking": _("Your browser asks whether this page may hear you."),
        "line_connecting": _("A room is being prepared."),
        "line_waiting": _("You are in the room. Grok is about to join."),
        "line_live": _("Speak, Grok is listening."),
        "line_speaking": _("Grok is speaking. You may interrupt."),
        "line_paused": _("Nothing of your microphone is sent."),
        "line_muted": _("Grok hears you, but you do not hear Grok."),
        "line_reconnecting": _("The connection broke off for a moment."),
        "line_lost": _("The session is over because the connection broke."),
        "line_ended": _("The session is over. The microphone is off."),
        "line_error": _("There is no session. See below why."),
    }


def of_browser() -> Words:
    return {
        "problem_insecure": _("This page is not encrypted"),
        "problem_insecure_text": _(
            "Browsers give a microphone only to pages that were opened over https, or "
            "on the computer itself. Open {host} over https."
        ),
        "problem_unsupported": _("This browser cannot talk"),
        "problem_unsupported_text": _(
            "It has no microphone access or no WebRTC for pages. Use a current browser."
        ),
        "problem_denied": _("The microphone is not allowed"),
        "problem_denied_text": _(
            "Allow the microphone for this page in the browser's address bar, and for "
            "the browser in the settings of the system. Then try again."
        ),
        "problem_absent": _("There is no microphone"),
        "problem_absent_text": _("Connect a microphone, or choose another one."),
        "problem_taken": _("The microphone cannot be used"),
        "problem_taken_text": _(
            "Another program may hold it, or it does not answer. Close that program or "
            "choose another microphone."
        ),
        "problem_microphone": _("The microphone failed"),
        "problem_microphone_text": _("The browser says: {message}"),
        "problem_unplugged": _("The microphone is gone"),
        "problem_unplugged_text": _(
            "The session goes on, but Grok no longer hears you. Choose another "
            "microphone, or start a new session."
        ),
        "problem_silenced": _("The browser holds the sound back"),
        "problem_silenced_text": _("Click anywhere on this page to hear Grok."),
        "problem_other": _("Something failed"),
        "problem_other_text": _("The browser says: {message}"),
    }


def of_gateway() -> Words:
    return {
        "problem_library": _("A part of this page could not be loaded"),
        "problem_library_text": _(
            "The gateway did not send the file for voice rooms. Is it still running?"
        ),
        "problem_offline": _("The gateway cannot be reached"),
        "problem_offline_text": _("Check the network, then try again."),
        "problem_strange": _("You are no longer signed in"),
        "problem_strange_text": _("Reload the page to sign in again."),
        "problem_tier": _("Voice needs an account of the tier super or heavy"),
        "problem_tier_text": _(
            "This gateway has none that is usable. Ask its operator for one."
        ),
        "problem_occupied": _("Another voice session is open"),
        "problem_occupied_text": _(
            "End it first. If its page is gone, its place is free again at {time}."
        ),
        "problem_limited": _("The limit is reached"),
        "problem_limited_text": _(
            "The accounts for voice have nothing left for now. Try again at {time}."
        ),
        "problem_wish": _("The settings were refused"),
        "problem_wish_text": _("The gateway says: {message}"),
        "problem_upstream": _("There is no room to be had"),
        "problem_upstream_text": _("The gateway asked for one and failed: {message}"),
        "problem_foreign": _("The room is on an unexpected host"),
        "problem_foreign_text": _(
            "It is on {host}, but this page may only talk to {expected}. The operator "
            "can change that with upstream.livekit_url."
        ),
        "problem_unreachable": _("The voice server cannot be reached"),
        "problem_unreachable_text": _(
            "Your browser talks to {host} directly, not through the gateway. A "
            "firewall, a proxy or an extension may block it: {message}"
        ),
        "problem_refused": _("The voice server refused to let you in"),
        "problem_refused_text": _("{host} did not accept the token. Try again."),
        "problem_lost": _("The connection was lost"),
        "problem_lost_text": _(
            "It could not be restored. Check the network, then try again."
        ),
        "problem_closed": _("The room was closed"),
        "problem_closed_text": _("The voice server ended the session."),
    }
