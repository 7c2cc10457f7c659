"""Texts that the scripts of the chat page show; `{name}` is filled in there."""

from django.utils.translation import gettext as _

from webui.words import answer
from webui.words.shell import Words


def words() -> Words:
    return {
        **answer.words(),
        **page_words(),
        **list_words(),
        **composer_words(),
        **answer_words(),
        **failure_words(),
        **keeping_words(),
    }


def page_words() -> Words:
    return {
        "pageTitle": _("{title} | Grok Gateway"),
        "newConversation": _("New conversation"),
        "lineLost": _("No connection to the gateway. Trying again."),
        "signedOut": _("The gateway no longer lets this page in."),
        "signIn": _("Load the page again"),
        "undo": _("Undo"),
        "open": _("Open"),
        "copied": _("Copied."),
        "doneElsewhere": _("The answer in \u201c{title}\u201d is ready."),
        "failedElsewhere": _("The answer in \u201c{title}\u201d has failed."),
        "picture": _("Picture {number}"),
        "viewPicture": _("View picture {number}"),
        "pictureOf": _("{number} of {count}"),
        "video": _("Film"),
        "mediaGone": _("This file is no longer kept."),
        "withheld": _("Withheld by moderation."),
        "beingMade": _("Being made"),
        "percent": _("{percent} %"),
    }


def list_words() -> Words:
    return {
        "pinned": _("Pinned"),
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "lastWeek": _("Last 7 days"),
        "lastMonth": _("Last 30 days"),
        "older": _("Older"),
        "untitled": _("Untitled"),
        "noSessions": _("What you ask is listed here."),
        "noMatch": _("Nothing was found."),
        "removedSession": _("\u201c{title}\u201d is deleted."),
        "removedMessages": _("Messages removed: {count}."),
        "you": _("You"),
    }


def composer_words() -> Words:
    return {
        "send": _("Send"),
        "stop": _("Stop the answer"),
        "noModel": _("No model"),
        "modelIs": _("Model: {model}"),
        "availableNow": _("available now"),
        "notNow": _("no account now"),
        "kind_chat": _("Chat"),
        "kind_image": _("Pictures"),
        "kind_image_edit": _("Changing pictures"),
        "kind_video": _("Films"),
        "ask_chat": _("Ask anything"),
        "ask_image": _("Describe a picture"),
        "ask_image_edit": _("Attach a picture and say what shall change"),
        "ask_video": _("Describe a scene; a picture may be its first"),
        "stillWriting": _("An answer is still being written here."),
        "twoAtOnce": _("At most {most} answers are written at once. Stop one first."),
        "waitingForFiles": _("Waiting for the files."),
        "imageTakesNone": _("This model takes no files."),
        "imagesOnly": _("This model takes pictures only: PNG, JPEG, WebP or GIF."),
        "editNeedsImage": _("Attach the picture that shall change."),
        "tooManyFor": _("This model takes at most {most} pictures."),
        "tooMany": _("At most {most} files can be sent at once."),
        "tooLarge": _("\u201c{name}\u201d is larger than {size}."),
        "tooMuch": _("All files together may have {total}."),
        "emptyFile": _("\u201c{name}\u201d is empty."),
        "removeFile": _("Remove {name}"),
        "notUploaded": _("not uploaded"),
        "uploadFailed": _("\u201c{name}\u201d was not uploaded."),
        "editCuts": _("Messages below that this removes: {count}."),
        "oldestDropped": _(
            "This conversation is long: the oldest messages were not sent ({count})."
        ),
        "filesGone": _("No longer in this browser and not sent: {names}."),
    }


def answer_words() -> Words:
    return {
        "sending": _("Sending"),
        "thinking": _("Thinking"),
        "thoughts": _("Thoughts"),
        "thoughtFor": _("Thought for {time}"),
        "stopped": _("Stopped."),
        "interrupted": _("Interrupted: the connection was lost."),
        "said_done": _("The answer is complete."),
        "said_stopped": _("The answer was stopped."),
        "said_interrupted": _("The answer was interrupted."),
        "said_failed": _("The answer has failed."),
        "sources": _("Sources: {count}"),
        "firstAfter": _("began after {time}"),
        "took": _("took {time}"),
        "tokens": _("{read} tokens read, {written} written"),
        "tool_web_search": _("Searched the web"),
    }


def failure_words() -> Words:
    return {
        "failed": _("There is no answer."),
        "unreachable": _("The gateway cannot be reached."),
        "adviceConnection": _("Check the connection, then try again."),
        "adviceNoAccount": _("Choose another model, or ask who runs this gateway."),
        "adviceWait": _("Wait a while, or choose another model."),
        "adviceWaitUntil": _("Try again after {time}, or choose another model."),
        "adviceModerated": _("Say it in other words: this was refused by moderation."),
        "adviceOperator": _("Whoever runs this gateway has to look at it."),
        "adviceModel": _("Choose another model."),
        "adviceShorter": _("Begin a new conversation, or say less at once."),
        "adviceChange": _("Change the message, its files or the options."),
        "adviceSignIn": _("Load the page again and sign in."),
        "adviceRetry": _("Try again; if it stays, choose another model."),
    }


def keeping_words() -> Words:
    return {
        "storageFull": _(
            "This browser has no room left: what is new is kept only until the page"
            " is closed."
        ),
        "nothingKept": _(
            "This browser keeps nothing here: conversations are lost when the page"
            " is closed."
        ),
        "exportNow": _("Export"),
        "exported": _("Conversations exported: {count}."),
        "imported": _("Conversations imported: {count}."),
        "notImported": _("\u201c{name}\u201d is no file of conversations."),
        "migrated": _("Your earlier conversations are here."),
    }
