"""Clips of other words again, in three further voices, which nobody had listened to at first."""

from tests.turns.clips import LIBRIVOX, Clip, made, person, say, sounds


def fresh() -> list[Clip]:
    """All of them, in order."""
    return [
        # ---- they listen
        *say("back_channel", "mm-hmm", "male", "espeak-scots"),
        *say("back_channel", "uh-huh", "male", "espeak-us-f", "espeak-scots"),
        *say("back_channel", "mhm, okay", "male", "espeak-us-f"),
        *say("back_channel", "yeah, yeah", "male", "espeak-scots"),
        *say("back_channel", "oh, I see", "male", "espeak-us-f"),
        *say("back_channel", "right, okay", "espeak-scots"),
        *say("back_channel", "ah, okay", "male", "espeak-us-f"),
        *say("back_channel", "good to know", "espeak-scots"),
        *say("back_channel", "lovely", "male"),
        *say("back_channel", "fair enough", "espeak-us-f"),
        # ---- it escapes them
        Clip("cough, fresh", "vocal_tic", made(sounds.cough(2, 57))),
        Clip("throat, fresh", "vocal_tic", made(sounds.throat(41)), -26.0),
        Clip("laughter, fresh", "vocal_tic", made(sounds.laughter(3, 180, 29))),
        *say("vocal_tic", "hm", "male", "espeak-scots"),
        *say("vocal_tic", "uh", "espeak-us-f"),
        # ---- things
        Clip("keyboard, fresh", "noise", made(sounds.keyboard(10, 131)), -26.0),
        Clip("door, fresh", "noise", made(sounds.door(31)), -20.0),
        Clip("key #", "noise", made(sounds.tone("#", 220)), -20.0),
        # ---- others speak, not to the agent
        Clip("a third one reads, in the room", "non_directed", person(LIBRIVOX.format("0870"), 3400, 5900), -40.0),
        *say("non_directed", "the parcel is at the door", "male", level_dbfs=-43.0),
        # ---- they want the floor
        *say("turn", "hello?", "male", "espeak-scots"),
        *say("turn", "I have a question", "male", "espeak-us-f"),
        *say("turn", "no", "male", "espeak-us-f"),
        *say("turn", "wait a minute", "espeak-scots", "male"),
        *say("turn", "please stop", "espeak-us-f"),
        *say("turn", "how much was that?", "male", "espeak-scots"),
        *say("turn", "yes, but not today", "espeak-scots"),
        *say("turn", "the second one", "male", "espeak-us-f"),
        *say("turn", "five nine two", "espeak-us-f", "male"),
        *say("turn", "never mind", "male", "espeak-scots"),
        *say("turn", "what?", "male", "espeak-us-f"),
        *say("turn", "six", "male", after_question=True),
        *say("turn", "tomorrow", "espeak-scots", after_question=True),
    ]
