"""A telephony file, and what is said of one that cannot be used."""

from pathlib import Path

import pytest

from worker.phone.telephony import TelephonyError, read

TRUNK = "trunks: {carrier: {username: u, password: p}}\n"
NUMBER = "numbers: {'+441174960123': {trunk: carrier, team: shop}}\n"


def file(folder: Path, text: str) -> Path:
    path = folder / "telephony.yaml"
    path.write_text(text)
    return path


def test_given_variables_then_they_are_filled_in(tmp_path: Path) -> None:
    text = "trunks: {carrier: {username: u, password: '${CARRIER}'}}\n" + NUMBER
    assert read(file(tmp_path, text), {"CARRIER": "open sesame"}).trunks["carrier"].password == "open sesame"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("trunks: {carrier: {username: u, password: '${CARRIER}'}}\n" + NUMBER, "CARRIER is not set"),
        ("numbers: {}", "1: trunks: Field required"),
        ("[]", "a mapping with `trunks` and `numbers`"),
        ("a: [", "not YAML"),
        (
            TRUNK + "numbers: {+441174960123: {trunk: carrier, team: shop}}\n",
            'in quotes, with its plus: "+441174960123"',
        ),
        (TRUNK + "numbers: {reception: {trunk: carrier, team: shop}}\n", "String should match pattern"),
        (
            TRUNK + "numbers:\n  '+44117': {trunk: carier, team: shop}\n",
            "3: numbers.+44117.trunk: there is no trunk 'carier'",
        ),
        ("trunks: {carrier: {}}\n" + NUMBER, "1: trunks.carrier: anybody on the internet could call in"),
        ("trunks: {carrier: {username: u}}\n" + NUMBER, "`username` and `password` go together"),
        ("trunks: {carrier: {allowed_addresses: [sip.example]}}\n" + NUMBER, "neither an IP address nor a network"),
        (
            TRUNK.replace("}}", "}, spare: {username: u, password: p}}") + NUMBER,
            "trunks.spare: no number comes in by it",
        ),
        (TRUNK + NUMBER + "colour: red\n", "3: colour: there is no such key"),
        (TRUNK + "numbers: {'+44117': {trunk: carrier, team: shop, pin: 12ab}}\n", "pin: String should match pattern"),
    ],
)
def test_given_a_mistake_then_line_key_and_way_out_are_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(TelephonyError) as error:
        read(file(tmp_path, text), {})
    assert told in str(error.value).replace(f"{tmp_path}/telephony.yaml:", "")
    assert "12ab" not in str(error.value)


def test_given_no_file_then_that_is_told(tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match="No such file"):
        read(tmp_path / "none.yaml", {})
