"""Why the front door says no. Each says what was true."""


class CallOver(Exception):
    """The call is over. No key the caller presses changes that."""

    code = "call-over"

    def __init__(self, call_id: str, ended_as: str) -> None:
        """Keep how it ended."""
        super().__init__(f"call {call_id} is over: {ended_as}")
        self.call_id = call_id
        self.ended_as = ended_as


class NumberUnknown(Exception):
    """No project has the number dialled. Numbers are given to projects by the operator."""

    code = "dnis-unknown"

    def __init__(self, dnis: str) -> None:
        """Keep the number dialled: it is the centre's, not a person's."""
        super().__init__(f"no project has the number {dnis}")
        self.dnis = dnis


class NumberTaken(Exception):
    """The number is another project's. Take it from that project first."""

    code = "dnis-taken"

    def __init__(self, dnis: str, project_id: str) -> None:
        """Keep the number and whose it is."""
        super().__init__(f"{dnis} is a number of project {project_id}")
        self.dnis = dnis
        self.project_id = project_id


class ProjectFixed(Exception):
    """A project stays with its client and its pool. Make another project instead."""

    code = "project-fixed"

    def __init__(self, project_id: str, what: str) -> None:
        """Keep what may not change."""
        super().__init__(f"the {what} of project {project_id} does not change")
        self.project_id = project_id
        self.what = what


class NoClientKey(Exception):
    """The client has no key, and none could be made. Add one to the clients' key file."""

    code = "no-client-key"

    def __init__(self, client_id: str) -> None:
        """Keep the client."""
        super().__init__(f"client {client_id} has no key")
        self.client_id = client_id


class NotANumber(Exception):
    """The number calling is of no country's numbering plan. Send null where it is withheld."""

    code = "ani-unassigned"

    def __init__(self) -> None:
        """Keep nothing: the number is personal."""
        super().__init__("the number calling is of no country's numbering plan")
