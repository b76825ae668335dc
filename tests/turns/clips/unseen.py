"""Clips of other words, voices and recordings. Nothing was tuned on them at first; `drawn` has what nothing is tuned on."""

from tests.turns.clips import LIBRIVOX, Clip, made, person, say, sounds


def unseen() -> list[Clip]:
    """All of them, in order."""
    return [
        # ---- they listen
        *say("back_channel", "mhm", "espeak-f", "awb"),
        *say("back_channel", "yep", "kal16", "espeak-us"),
        *say("back_channel", "all right", "rms", "bright"),
        *say("back_channel", "okay, good", "kal16", "deep"),
        *say("back_channel", "I see, okay", "slt", "espeak-f"),
        *say("back_channel", "yeah, sure", "espeak-us", "heart"),
        *say("back_channel", "cool", "awb", "deep"),
        *say("back_channel", "oh, really?", "slt"),
        *say("back_channel", "perfect", "rms", "heart"),
        # ---- it escapes them
        Clip("cough, seven", "vocal_tic", made(sounds.cough(1, 23))),
        Clip("cough, cough, seven", "vocal_tic", made(sounds.cough(3, 31)), -26.0),
        Clip("throat, seven", "vocal_tic", made(sounds.throat(19)), -26.0),
        Clip("laughter, high", "vocal_tic", made(sounds.laughter(5, 260, 17))),
        *say("vocal_tic", "hmm", "kal16", "bright"),
        # ---- things
        Clip("keyboard, slow", "noise", made(sounds.keyboard(6, 77)), -26.0),
        Clip("door, seven", "noise", made(sounds.door(13)), -22.0),
        Clip("cup, near", "noise", made(sounds.cup(9)), -20.0),
        Clip("key 9", "noise", made(sounds.tone("9", 250)), -20.0),
        # ---- others speak, not to the agent
        Clip("somebody else reads, in the room", "non_directed", person(LIBRIVOX.format("0930"), 500, 3500), -40.0),
        *say("non_directed", "have you seen my glasses?", "espeak", level_dbfs=-43.0),
        *say("non_directed", "the film starts at eight", "rms", level_dbfs=-42.0),
        # ---- they want the floor
        *say("turn", "excuse me", "kal16", "bright"),
        *say("turn", "hang on", "espeak-f", "deep"),
        *say("turn", "one more thing", "slt", "espeak-us"),
        *say("turn", "okay, but where is it now?", "kal16", "heart"),
        *say("turn", "that is too expensive", "rms", "espeak"),
        *say("turn", "no thanks", "awb", "heart"),
        *say("turn", "can I speak to somebody else?", "kal16", "bright"),
        *say("turn", "it was the blue one", "slt", "deep"),
        *say("turn", "seven eight three", "rms", "bright"),
        *say("turn", "not that one", "espeak-us", "awb"),
        *say("turn", "yes, that is right", "kal16", "heart", after_question=True),
        *say("turn", "on Friday", "espeak", "deep", after_question=True),
        *say("turn", "sure", "slt", after_question=True),
        Clip("cards 3 (a person)", "turn", person("cards/003.wav")),
        Clip("cards 4 (a person)", "turn", person("cards/004.wav")),
    ]
