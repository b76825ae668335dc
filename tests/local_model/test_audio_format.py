import numpy as np
import pytest

from tests.local_model.fakes import tone
from worker.local_model.audio_format import Decoder, Encoder
from worker.local_model.g711 import A_LAW, MU_LAW, Law

BYTES = bytes(range(256))


@pytest.mark.parametrize(
    ("law", "byte", "sample"),
    [  # ITU-T G.711, tables 1a, 1b (A-law, 13 bits) and 2a, 2b (mu-law, 14 bits): character signal and output value
        (MU_LAW, 0b1000_0000, 8031 << 2),
        (MU_LAW, 0b1000_1111, 4191 << 2),
        (MU_LAW, 0b1111_1111, 0),
        (MU_LAW, 0b1111_1110, 2 << 2),
        (MU_LAW, 0b0111_1110, -2 << 2),
        (MU_LAW, 0b0000_0000, -8031 << 2),
        (A_LAW, 0b1111_1111 ^ 0x55, 4032 << 3),
        (A_LAW, 0b1111_0000 ^ 0x55, 2112 << 3),
        (A_LAW, 0b1000_0000 ^ 0x55, 1 << 3),
        (A_LAW, 0b0000_0000 ^ 0x55, -1 << 3),
        (A_LAW, 0b0111_1111 ^ 0x55, -4032 << 3),
    ],
)
def test_values_of_the_recommendation(law: Law, byte: int, sample: int) -> None:
    assert law.decode(bytes([byte])) == [sample]
    assert law.encode(np.array([sample], np.int16)) == bytes([byte])


@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_every_sample_becomes_one_of_its_two_neighbours(law: Law) -> None:
    samples = np.arange(-32768, 32768).astype(np.int16)
    told = law.decode(law.encode(samples)).astype(int)
    assert (np.diff(told) >= 0).all()
    steps = np.maximum(np.abs(samples.astype(int)), 256) / 16
    assert (np.abs(told - samples)[1000:-1000] <= steps[1000:-1000]).all()
    again = law.decode(law.encode(law.decode(BYTES)))
    assert (again == law.decode(BYTES)).all()


@pytest.mark.parametrize("form", ["audio/pcm", "audio/pcmu", "audio/pcma"])
def test_a_tone_comes_through_in_pieces_of_any_size(form: str) -> None:
    pcm = tone(1000).tobytes()
    encoder = Encoder(form)
    wire = b"".join(encoder.encode(pcm[start : start + 1234]) for start in range(0, len(pcm), 1234))
    wire += encoder.encode(b"", last=True)
    assert len(wire) == 1000 * encoder.bytes_per_ms
    decoder = Decoder(form)
    back = b"".join(decoder.decode(wire[start : start + 77]) for start in range(0, len(wire), 77)) + decoder.flush()
    sent, come = (np.frombuffer(sound, np.int16)[2400:-2400].astype(float) for sound in (pcm, back))
    noise = np.sqrt(np.mean((sent - come) ** 2)) / np.sqrt(np.mean(sent**2))
    assert noise < 0.03, "an edge between two pieces that clicks is louder"
