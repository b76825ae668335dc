"""A job's call: taken with its lease, held, and then released, or left to another worker."""

import asyncio
import logging
import os
from dataclasses import replace

from livekit.agents import JobContext

from worker import job as jobs
from worker.background import background
from worker.departure import Departed
from worker.equipment import Equipment
from worker.held_call import HeldCall
from worker.journal.lease import Lease
from worker.parts import CHILD
from worker.places import identity
from worker.resume import Orphan, orphan
from worker.showing import shown_files

logger = logging.getLogger(__name__)


async def hold(job: JobContext, equipment: Equipment) -> None:
    """One job: takes a call that begins, or that another worker has left, unless another has it."""
    wanted = jobs.read(job.job.metadata, job.job.room.sid)
    equipment = replace(equipment, team=jobs.led_by(equipment.team, wanted))
    recorder = equipment.recorder
    lease = await recorder.take(wanted.call, job.job.room.name, identity(job.job.id))
    if lease is None:
        logger.info("call %s: another job has it", wanted.call)
        return
    over = False
    try:
        async with background(lease.until_lost()):
            before = await _left(lease, equipment)
            if before and before.past.ended:
                logger.info("call %s is over", lease.call)
            else:
                with equipment.measuring(lease.call) as measuring:
                    await HeldCall(job, lease, before, equipment, measuring).hold()
        over = True
    except Departed:
        raise
    except Exception:
        over = True
        raise
    finally:
        if over or CHILD in os.environ:
            recorder.release(lease)
        else:
            recorder.give_up(lease)


async def _left(lease: Lease, equipment: Equipment) -> Orphan | None:
    """The call as another worker has left it; None if it begins."""
    events = await equipment.recorder.events(lease.call) if lease.held else []
    names = shown_files(events, equipment.team.showing.remembered)
    files = await asyncio.to_thread(equipment.files.shown, lease.call, names) if names else {}
    return orphan(events, equipment.team, lease.taken, screens=equipment.screens, files=files)
