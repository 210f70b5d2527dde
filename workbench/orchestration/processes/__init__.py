"""The processes of a workspace that is served: what each is, who watches them, what was left over by a crash."""

from workbench.orchestration.processes.kinds import ProcessKind, kinds
from workbench.orchestration.processes.processes import Link, Processes, ProcessStatus
from workbench.orchestration.processes.records import Record, Records
from workbench.orchestration.processes.supervisor import Event, State

__all__ = ["Event", "Link", "ProcessKind", "ProcessStatus", "Processes", "Record", "Records", "State", "kinds"]
