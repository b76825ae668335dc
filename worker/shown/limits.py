"""What a process may use up that opens a file of a stranger's."""

import resource

MEMORY = 1 << 30  # of addresses: a picture of 50 million pixels takes 400 MB on its way
CPU_S = 15


def bound(*, writes: int) -> None:
    """From now on this process has these limits, whatever it becomes. `writes`: bytes of a file, at most."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (writes, writes))
