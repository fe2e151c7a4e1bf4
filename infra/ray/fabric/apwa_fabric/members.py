"""The members that shall be, and those that are."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .contract import EndedMember, Instance, Lost, MemberEnd, MemberState, MemberWish, NotStarted, Order, Pool, State
from .wire import Refused

log = logging.getLogger("apwa_fabric")


class Placed(Protocol):
    """A member on its node, or on its way there. `end` closes it; all else may be called at any time before."""

    async def start(self) -> str | None:
        """Resolves when it has a node and was started there, with where; None if it could not be started."""

    async def end(self) -> tuple[MemberEnd, list[str]]:
        """Resolves when it has ended, with what it printed last."""

    def drain(self, grace_s: float) -> None: ...

    def kill(self) -> None: ...

    def abandon(self) -> None:
        """Gives up its place: before it has got a node, or after its end."""


Place = Callable[[str, str, Pool], Placed]


@dataclass
class Member:
    instance: Instance
    pool: str
    placed: Placed
    state: State = "placing"
    where: str | None = None
    killed: bool = False


class Members:
    """Carries out orders. `changed` is called when a member has started or ended."""

    def __init__(self, place: Place, changed: Callable[[], None]) -> None:
        self._place = place
        self._changed = changed
        self._members: dict[Instance, Member] = {}
        self._ended: dict[Instance, EndedMember] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.epoch = 0
        self.sequence = 0

    def hear(self, epoch: int) -> None:
        """Raises Refused `executor_replaced` if a later executor was heard."""
        if epoch < self.epoch:
            raise Refused("executor_replaced", f"Epoch {epoch} is over: {self.epoch} was heard.")
        if epoch > self.epoch:
            self.epoch, self.sequence = epoch, 0

    def carry_out(self, order: Order) -> None:
        """Raises Refused `executor_replaced` or `order_overtaken`, and does nothing then."""
        self.hear(order.epoch)
        if order.sequence <= self.sequence:
            raise Refused("order_overtaken", f"Order {order.sequence} comes after {self.sequence}.")
        self.sequence = order.sequence
        for instance in order.heard:
            self._ended.pop(instance, None)
        for wish in order.members:
            self._fulfil(wish, order.pools)
        wanted = {wish.instance for wish in order.members}
        longest = max((wish.grace_ms for wish in order.members), default=0)
        for member in [one for one in self._members.values() if one.instance not in wanted]:
            self._drain(member, longest / 1_000)

    def states(self) -> list[MemberState]:
        return [
            MemberState(instance=one.instance, pool=one.pool, state=one.state, where=one.where)
            for one in self._members.values()
        ]

    def ended(self) -> list[EndedMember]:
        return list(self._ended.values())

    async def stop(self, grace_s: float) -> None:
        """Drains all, and resolves when nobody is left."""
        for member in list(self._members.values()):
            self._drain(member, grace_s)
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _fulfil(self, wish: MemberWish, pools: dict[str, Pool]) -> None:
        member = self._members.get(wish.instance)
        if member is None:
            if wish.instance in self._ended:
                return
            if wish.wish == "run":
                self._launch(wish, pools)
            else:
                self._note(wish.instance, NotStarted(message="it was told to stop before it was started"), [])
        elif wish.wish == "kill":
            self._kill(member)
        elif wish.wish == "drain":
            self._drain(member, wish.grace_ms / 1_000)

    def _launch(self, wish: MemberWish, pools: dict[str, Pool]) -> None:
        pool = pools.get(wish.pool)
        if pool is None:
            self._note(wish.instance, NotStarted(message=f"the order says nothing of pool {wish.pool}"), [])
            return
        try:
            placed = self._place(wish.instance, wish.pool, pool)
        except Exception as error:
            # Else the order would be refused for good, and with it those for all other members.
            log.exception("member %s can't be placed", wish.instance)
            self._note(wish.instance, NotStarted(message=f"Ray does not take it: {error}"), [])
            return
        member = Member(wish.instance, wish.pool, placed)
        self._members[wish.instance] = member
        task = asyncio.create_task(self._supervise(member))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _supervise(self, member: Member) -> None:
        try:
            end, last_lines = await self._live(member)
        except Exception as error:
            # Nobody watches it any more, so it must not be there any more.
            log.exception("member %s is given up", member.instance)
            end, last_lines = Lost(message=f"{type(error).__name__}: {error}"), []
        member.placed.abandon()
        del self._members[member.instance]
        self._note(member.instance, end, last_lines)

    async def _live(self, member: Member) -> tuple[MemberEnd, list[str]]:
        where = await member.placed.start()
        if where is not None:
            member.where = where
            if member.state == "placing":
                member.state = "running"
            self._changed()
        return await member.placed.end()

    def _drain(self, member: Member, grace_s: float) -> None:
        if member.state == "stopping":
            return
        placing = member.state == "placing"
        member.state = "stopping"
        if placing:
            member.placed.abandon()
        else:
            member.placed.drain(grace_s)

    def _kill(self, member: Member) -> None:
        if member.killed:
            return
        member.killed = True
        if member.state == "placing":
            member.placed.abandon()
        else:
            member.placed.kill()

    def _note(self, instance: Instance, end: MemberEnd, last_lines: list[str]) -> None:
        self._ended[instance] = EndedMember(instance=instance, end=end, last_lines=last_lines)
        self._changed()
