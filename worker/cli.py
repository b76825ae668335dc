"""The `baton` command. Each command reads the settings and calls one room of the house; imports wait until then."""

import asyncio
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.settings import Settings, SettingsError, variables

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

Team = Annotated[Path | None, typer.Option("--team", help="The team file; else BATON_TEAM.")]


def main() -> None:
    app()


@app.command()
def up(team: Team = None) -> None:
    """Everything on this machine: LiveKit, the model, a worker, and the page. Stops with Ctrl-C."""
    from worker import up as parts

    _run(parts.run, team)


@app.command()
def worker(team: Team = None) -> None:
    """One worker: registers with LiveKit at LIVEKIT_URL, and takes calls until it is stopped."""
    from worker.on_demand import AV, load_later, load_on_demand

    load_on_demand()  # before what it is for is imported
    load_later(*AV)
    from worker import server

    _run(server.run, team)


@app.command()
def prepare(team: Team = None) -> None:
    """Makes the tables that the team's tools need, and brings them up to date. A worker does so itself as it starts."""
    from worker import prepare

    _run(prepare.run, team)


@app.command()
def model() -> None:
    """The embedded realtime server alone. Any client of OpenAI's Realtime API may use it."""
    from worker.local_model import server

    _run(server.run)


@app.command()
def desk(team: Team = None) -> None:
    """The front desk alone: the page, tokens to join, and the calls' journals over HTTP."""
    from worker import front_desk

    _run(front_desk.run, team)


@app.command(hidden=True)
def livekit() -> None:
    """A LiveKit server for this machine; a part of `baton up`."""
    from worker import livekit_server

    _run(livekit_server.run)


@app.command()
def check(
    team: Team = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the team file's JSON Schema, for editors.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Open no session with the providers.")] = False,
) -> None:
    """Reads the team file, tries each provider for which there is a key, and says what is there or what is wrong."""
    if schema:
        from agents.reference import schema as of_team_files

        print(of_team_files())
        return
    from agents.check import check as problems_of
    from agents.loader import load_team
    from worker.line.cost import read_prices
    from worker.line.endpoint import in_use, unpriced
    from worker.line.review import review as provider_problems_of
    from worker.mcp.check import check as mcp_problems_of
    from worker.room.sounds import of_spec as sound_of

    async def show(settings: Settings) -> None:
        spec = load_team(settings.team)
        sound_of(spec.background, settings.team.parent, 24_000)
        print(f"Team {spec.team}: {spec.start} answers.")
        for agent in spec.speakers.values():
            to = ", ".join(handoff.to for handoff in agent.handoffs) or "nobody"
            asks = "".join(f", asks {use.agent}" for use in agent.agents)
            print(f"  {agent.name} ({agent.voice} voice, {len(agent.tools)} tools) hands over to {to}{asks}")
            print(_guards(spec, agent.name), end="")
        for agent in spec.sub_agents.values():
            asks = "".join(f", asks {use.agent}" for use in agent.agents)
            print(
                f"  {agent.name} (sub-agent, {len(agent.tools)} tools) thinks with {_text_model(agent.text_model)}{asks}"
            )
            print(_guards(spec, agent.name), end="")
        logging.getLogger("worker.mcp").setLevel(logging.ERROR)  # a server that is away is a problem below
        unheard = provider_problems_of(settings.team, spec, settings)
        prices = read_prices(settings.prices)
        unbounded = [
            one for profile in in_use(settings, spec) for one in unpriced(settings.team, spec, profile, prices)
        ]
        away = mcp_problems_of(settings.team, spec, variables())
        unfit = [] if offline else await _tried(settings, spec)
        if problems := [*problems_of(settings.team), *unheard, *unbounded, *away, *unfit]:
            raise TeamProblems("\n".join(problems))

    _run(show, team)


async def _tried(settings: Settings, team: Any) -> list[str]:
    """Tells how each provider in use does; returns what is wrong with them."""
    from worker.check import tried
    from worker.gate.guards.trial import tried as tried_guards

    for name in ("livekit", "openai", "worker.gate"):  # what fails is told in a sentence
        logging.getLogger(name).setLevel(logging.CRITICAL)
    wrong = list[str]()
    for trials in (tried(settings, team), tried_guards(settings, team)):
        async for trial in trials:
            if trial.works:
                print(f"  {trial.told}")
            else:
                wrong.append(trial.told)
    return wrong


def _guards(team: Any, agent: str) -> str:
    """A line with an agent's guards; nothing when it has none."""
    told = [f"{one.name} ({', '.join(one.on)}: {one.action})" for one in team.guards_of(agent)]
    return f"    guarded by {', '.join(told)}\n" if told else ""


@app.command()
def calls(
    call: Annotated[str, typer.Argument(help="A call's id; without it, the latest calls are listed.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one object a line.")] = False,
    costs: Annotated[bool, typer.Option("--costs", help="What each day has cost (UTC), by agent and model.")] = False,
    days: Annotated[int, typer.Option(min=1, help="How many days of costs.")] = 30,
    recording: Annotated[
        Path | None, typer.Option(help="Copy the call's recording to this file: the caller left, the agent right.")
    ] = None,
) -> None:
    """The calls that were held and what they cost, the journal of one, or its recording."""
    from worker.journal.files import Folder
    from worker.journal.store import Store

    async def show(settings: Settings) -> None:
        recorded = Folder(settings.files).recordings(call)
        if recording:
            if not recorded:
                raise SettingsError(f"There is no recording of a call {call!r} in {settings.files}.")
            for number, part in enumerate(recorded, 1):
                shutil.copyfile(part, recording.with_stem(f"{recording.stem}-{number}") if number > 1 else recording)
            return
        store = Store(settings.database_url)
        await store.open()
        try:
            if costs:
                rows = await store.costs(datetime.now(UTC).date() - timedelta(days=days - 1))
            elif call:
                rows = [event.model_dump(mode="json") for event in await store.events(call)]
                if not rows:
                    raise SettingsError(f"There is no call {call!r}. `baton calls` lists those there are.")
            else:
                rows = await store.calls()
        finally:
            await store.close()
        for row in rows:
            print(
                json.dumps(row, default=str)
                if as_json
                else "  ".join(f"{k}={v}" for k, v in row.items() if v not in (None, ""))
            )
        for part in [] if as_json else recorded:
            print(f"recording={part}")

    _run(show)


@app.command()
def talk(
    wav: Annotated[list[Path] | None, typer.Option(help="Speak this recording; may be repeated.")] = None,
    say: Annotated[
        list[str] | None, typer.Option(help="Speak this text, by the embedded voice; may be repeated.")
    ] = None,
    text: Annotated[list[str] | None, typer.Option(help="Type this; may be repeated.")] = None,
    show: Annotated[
        list[Path] | None,
        typer.Option(help="Send this picture, PDF or text, as one turn with what follows; may be repeated."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(help="Write what was heard to this wav: you left, the agent right.")
    ] = None,
    front_desk: Annotated[str, typer.Option("--desk", help="The front desk to join by.")] = "",
) -> None:
    """A caller without a browser. Without anything to say it reads lines from the terminal, and types them."""
    from worker import talk as caller

    order = _in_order(sys.argv)
    files = {"wav": [str(path) for path in wav or []], "show": [str(path) for path in show or []]}
    lines = caller.lines(order, {**files, "say": say or [], "text": text or []})
    _run(lambda settings: caller.run(settings, lines, record, front_desk))
    sys.stdout.flush()
    os._exit(0)  # all is done: LiveKit's threads may still call an interpreter that winds up, and would abort it


def _text_model(model: Any) -> str:
    return " at ".join(part for part in (model.name or model.provider, model.url) if part)


bench = typer.Typer(no_args_is_help=True, help="Measures our worker beside LiveKit's own AgentSession, in one run.")
app.add_typer(bench, name="bench")
_Out = Annotated[Path, typer.Option("--out", help="The folder for the figures (JSON) and the picture (PNG).")]


@bench.command(name="call")
def bench_call(
    calls: Annotated[str, typer.Option(help="How many calls at once, for CPU and memory.")] = "1,4,8",
    rounds: Annotated[int, typer.Option(min=1, help="How many turns, handoffs and so on.")] = 20,
    seconds: Annotated[float, typer.Option(min=1, help="How long CPU is measured each time.")] = 16.0,
    repeats: Annotated[int, typer.Option(min=1, help="How many times CPU and memory are measured.")] = 3,
    out: _Out = Path("bench/results"),
) -> None:
    """Greeting, reply, handoff and barge-in in ms; CPU and memory a call."""
    at_once = [int(number) for number in calls.split(",") if number.strip().isdigit()]
    _measure(lambda bench: bench.call(calls=at_once, rounds=rounds, seconds=seconds, repeats=repeats), out)


@bench.command(name="handoff")
def bench_handoff(
    rounds: Annotated[int, typer.Option(min=1, help="How many handoffs.")] = 50, out: _Out = Path("bench/results")
) -> None:
    """Tool call to the next agent's first audio, with the provider near and 100 ms away."""
    _measure(lambda bench: bench.handoff(rounds=rounds), out)


@bench.command(name="line")
def bench_line(
    rounds: Annotated[int, typer.Option(min=1, help="How many losses, handoffs and so on.")] = 12,
    out: _Out = Path("bench/results"),
) -> None:
    """What a caller hears of a lost socket, a handoff to another voice, a session's end, and a failover."""
    _measure(lambda bench: bench.line(rounds=rounds), out)


@bench.command(name="turns")
def bench_turns(
    every: Annotated[int, typer.Option(min=1, help="One of so many of three hundred clips and more.")] = 5,
    out: _Out = Path("bench/results"),
) -> None:
    """Who wants the floor and who only listens: yield rate, selectivity, what was resumed; a quarter of an hour."""
    _measure(lambda bench: bench.turns(every=every), out)


@bench.command(name="gate")
def bench_gate(
    rounds: Annotated[int, typer.Option(min=1, help="How many replies of each kind.")] = 10,
    reference: Annotated[
        bool, typer.Option("--reference", help="Also what OpenAI's Agents SDK lets through; it is fetched for that.")
    ] = False,
    out: _Out = Path("bench/results"),
) -> None:
    """How much later a reply is heard whose sentences wait for their guards, and what is heard of one that does not pass."""
    _measure(lambda bench: bench.gate(rounds=rounds, reference=reference), out)


@bench.command(name="crash")
def bench_crash(
    rounds: Annotated[int, typer.Option(min=1, help="How many workers are killed.")] = 20,
    out: _Out = Path("bench/results"),
) -> None:
    """How long a caller waits for a word when the worker that holds their call is killed."""
    _measure(lambda bench: bench.crash(rounds=rounds), out)


def _measure(run: Callable[[Any], Coroutine[Any, Any, Any]], out: Path) -> None:
    async def show(_: Settings) -> None:
        try:
            from bench import main as benches
        except ImportError as error:
            raise SettingsError(f"Benchmarks need what tests need ({error.name}). Run `make test` once.") from error
        logging.getLogger().setLevel(logging.WARNING)  # LiveKit names each stream that its callers do not read
        report = await run(benches)
        print(report.table())
        print(f"\nPicture and figures: {report.save(out)}")

    _run(show)


phone = typer.Typer(no_args_is_help=True, help="Telephone numbers: which there are, and who answers them.")
app.add_typer(phone, name="phone")


@phone.command(name="apply")
def phone_apply(
    file: Annotated[Path, typer.Argument(help="The telephony file; see docs/telephony.md.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete what bears the file's name, and is not in it.")
    ] = False,
) -> None:
    """Makes LiveKit's trunks and dispatch rules what the file says. A second time it finds nothing to do."""
    from worker.phone import command

    _run(lambda settings: command.apply(settings, file, dry_run=dry_run, prune=prune))


@phone.command(name="status")
def phone_status(
    file: Annotated[Path | None, typer.Argument(help="A telephony file, to hear whether it is applied.")] = None,
    bridge: Annotated[str, typer.Option("--bridge", help="The SIP bridge's health page.")] = "",
) -> None:
    """Says of each number who answers it, and what is wrong."""
    from worker.phone import command

    _run(lambda settings: command.status(settings, file, bridge))


class TeamProblems(Exception):
    """The team file works, but its agents will stumble over something."""


def _in_order(arguments: list[str]) -> list[str]:
    """The options that say something, in the order they were given."""
    names = [argument.split("=", 1)[0].lstrip("-") for argument in arguments if argument.startswith("--")]
    return [name for name in names if name in ("wav", "say", "text", "show")]


def _run(body: Callable[[Settings], Coroutine[Any, Any, None]], team: Path | None = None) -> None:
    """Runs a command's body; what a user can mend is one sentence and an exit code, not a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "faster_whisper", "httpx2", "livekit", "mcp", "RapidOCR"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    try:
        settings = Settings.read()
        if team:
            settings = settings.model_copy(update={"team": team})
        _guard_logs(settings)
        asyncio.run(body(settings))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except BaseException as error:
        if (code := _exit_code(error)) is None:
            raise
        print(f"baton: {error}", file=sys.stderr)
        raise typer.Exit(code) from None


def _guard_logs(settings: Settings) -> None:
    from worker.redaction import logs

    logs.guard(logs.of_team(settings))


def _exit_code(error: BaseException) -> int | None:
    """2: a setting or file is missing or wrong; 1: it failed, such as what is out of reach or a port in use; None: a
    fault of ours, with its traceback. By name: imports are slow."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"SettingsError", "SpecError"}:
        return 2
    failed = {"LiveKitError", "StoreError", "PartError", "PortError", "CallerError", "DeskError", "PhoneError"}
    if names & {*failed, "TeamProblems", "BenchError"}:
        return 1
    return None
