"""What executor and fabric say to each other; the same schemas as `packages/contracts/src/fabric.ts`, as JSON."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Instance = Annotated[str, Field(min_length=1, max_length=200)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
State = Literal["placing", "running", "stopping"]
Wish = Literal["run", "drain", "kill"]


class Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, extra="forbid", frozen=True)


class Pool(Message):
    """How the members of a pool are started, and what each of them takes of its node."""

    cpus: float
    gpus: float
    """Bytes. 0: not asked for."""
    memory_bytes: int
    """Ray's custom resources."""
    custom: dict[str, float]
    """Labels that a node must have."""
    labels: dict[str, str]
    """Over the nodes, or on as few as will do."""
    placement: Literal["spread", "pack"]
    command: Annotated[list[str], Field(min_length=1)]
    """Beside the node's own environment, and before it."""
    env: dict[str, str]
    """Where members are started. None: where Ray starts its workers."""
    folder: str | None


class MemberWish(Message):
    instance: Instance
    pool: str
    wish: Wish
    """Of those that are to drain: after so long they are killed. Milliseconds."""
    grace_ms: int


class Order(Message):
    """All that shall be, from now on. The fabric carries it out, and says in its reply what is."""

    """Of the executor; an order of an earlier one is refused."""
    epoch: int
    """Of the executor's orders; one that has been overtaken is refused."""
    sequence: int
    """Without another order for so long the fabric drains its members and ends. Milliseconds."""
    lease_ms: int
    pools: dict[str, Pool]
    """Members that are there and not in it drain."""
    members: list[MemberWish]
    """Ends of members that need not be told again."""
    heard: list[Instance]


class Look(Message):
    """A question that changes nothing but the lease."""

    epoch: int
    lease_ms: int


class End(Message):
    """There is a later generation, or the cluster is not wanted any more: members drain for so long at most."""

    grace_ms: int


class Exited(Message):
    kind: Literal["exited"] = "exited"
    code: int


class Killed(Message):
    kind: Literal["killed"] = "killed"
    signal: str


class NotStarted(Message):
    kind: Literal["not_started"] = "not_started"
    message: str


class Lost(Message):
    """Who watched it is gone, with its node or without; the process may live on for a moment."""

    kind: Literal["lost"] = "lost"
    message: str


MemberEnd = Annotated[Exited | Killed | NotStarted | Lost, Field(discriminator="kind")]


class MemberState(Message):
    instance: Instance
    pool: str
    state: State
    """For people. None: no node has room for it yet."""
    where: str | None


class EndedMember(Message):
    instance: Instance
    end: MemberEnd
    last_lines: list[str]


class SandboxUnknown(Message):
    """It has not been found out yet."""

    kind: Literal["unknown"] = "unknown"


class SandboxThere(Message):
    kind: Literal["there"] = "there"


class SandboxMissing(Message):
    kind: Literal["missing"] = "missing"
    why: str


SandboxState = Annotated[SandboxUnknown | SandboxThere | SandboxMissing, Field(discriminator="kind")]


class Node(Message):
    id: str
    address: str
    head: bool
    """Of Ray's kinds: `CPU`, `GPU`, `memory` (bytes) and custom ones."""
    total: dict[str, float]
    """Its own, and those that Ray gives it."""
    labels: dict[str, str]
    """Whether functions that a model wrote can be run there."""
    sandbox: SandboxState


class Definition(Message):
    """A function to be called, and what it may take."""

    """Kind and name: `python:language`."""
    id: str
    """Of a module; None: `module` is imported."""
    source: str | None
    module: str | None
    function: str
    cpus: float
    gpus: float
    memory_mb: int
    """Requirements as pip takes them."""
    pip: list[str]
    """`task`: each batch has a process of its own. `actor`: processes stay, and what was loaded with them."""
    reuse: Literal["task", "actor"]
    """Batches that run at a time."""
    instances: int
    """Of a row, and of loading. Milliseconds."""
    timeout_ms: int
    load_timeout_ms: int
    """Of whom nobody vouches for, as what a model wrote: it runs in a sandbox, or not at all."""
    sandboxed: bool


class Define(Message):
    """Of the definition's content."""

    hash: Hash
    definition: Definition


class Defined(Message):
    hash: Hash


class Call(Message):
    hash: Hash
    """Chosen by the caller."""
    call: Annotated[str, Field(min_length=1, max_length=100)]
    """The JSON of the arguments of each."""
    rows: Annotated[list[str], Field(min_length=1, max_length=1_000)]


class Cancel(Message):
    call: str
    """Also if it runs: otherwise only if it does not yet."""
    running: bool


class Cancelled(Message):
    pass


class CapabilityState(Message):
    hash: Hash
    """Calls that are not worked at."""
    waiting: int
    """Places for them that no node has room for yet."""
    placing: int


class Report(Message):
    cluster: str
    generation: int
    """Of the order that was carried out last; both 0 before the first."""
    epoch: int
    sequence: int
    members: list[MemberState]
    """Until they have been heard."""
    ended: list[EndedMember]
    """That are alive."""
    nodes: list[Node]
    """What nobody has of all nodes together."""
    available: dict[str, float]
    """That have calls."""
    capabilities: list[CapabilityState]
