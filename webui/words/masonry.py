"""Texts of the picture page that its scripts show."""

from django.utils.translation import gettext as _

Words = dict[str, str]


def words() -> Words:
    return {**standing(), **rounds(), **deeds(), **faults()}


def standing() -> Words:
    return {
        "start": _("Draw"),
        "startOver": _("Stop and draw anew"),
        "starting": _("Asking for pictures…"),
        "stopping": _("Stopping…"),
        "stopped": _("Stopped."),
        "drawing": _("Drawing…"),
        "drawingRound": _("Drawing round {round} of at most {rounds}…"),
        "roundDone": _("Round {round}: {ready} of {count} pictures."),
        "roundFiltered": _(
            "Round {round}: {ready} of {count} pictures, {moderated} filtered."
        ),
        "runDone": _("Done after {count} rounds."),
        "runDoneOne": _("Done."),
        "timeOver": _("Done: the time is over."),
    }


def rounds() -> Words:
    return {
        "stateRunning": _("Drawing"),
        "stateSuccess": _("All there"),
        "statePartial": _("Some are missing"),
        "stateFailed": _("Failed"),
        "stateStopped": _("Stopped"),
        "fast": _("Fast"),
        "best": _("Best"),
        "referred": _("With a reference"),
        "roundNumber": _("Round {number}"),
        "ofOther": _("Of another visitor"),
        "openPicture": _("Open: {prompt}"),
        "pictureProgress": _("Picture {number}"),
        "place": _("{number} of {count}"),
        "noPictures": _("Nothing here yet. What you draw stays on this wall."),
        "noMatch": _("No prompt has these words."),
    }


def deeds() -> Words:
    return {
        "copied": _("The prompt is copied."),
        "deletedOne": _("One picture is deleted."),
        "deletedMany": _("{count} pictures are deleted."),
        "goneAlready": _("This was gone already."),
        "undo": _("Undo"),
        "dismiss": _("Dismiss"),
        "restored": _("It is back."),
        "fromWall": _("A picture of the wall"),
        "pasted": _("Pasted picture"),
        "stillSending": _("The reference picture is still being sent."),
        "chooseReference": _(
            "This round began with a picture of yours. Choose it again, then draw."
        ),
        "noPrompt": _("Say what to draw."),
        "noImage": _("Only PNG, JPEG, WebP and GIF pictures can be a reference."),
        "largeImage": _("This picture is too large."),
        "notSent": _("The picture could not be sent. Try again."),
    }


def faults() -> Words:
    return {
        "failed": _("That did not work."),
        "unreachable": _("The connection to the gateway was lost; the run has ended."),
        "allModerated": _("All pictures were filtered for their content."),
        "remedyTier": _(
            "Only super and heavy accounts draw these. An operator can add one, or "
            "wait until one is free."
        ),
        "remedyModel": _("An operator can enable a model that draws."),
        "remedyModerated": _("Describe it differently and draw again."),
        "remedyWait": _("Wait a little and draw again."),
        "remedyWaitFor": _("Draw again in {seconds} seconds."),
        "remedySignIn": _("Reload the page and sign in again."),
        "remedyReference": _("Choose another reference picture."),
        "remedyDisk": _("An operator can make room for files."),
        "remedyConnection": _(
            "What was made is on the wall. Check the connection and draw again."
        ),
        "remedyAgain": _("Draw again; if it stays so, tell an operator."),
    }
