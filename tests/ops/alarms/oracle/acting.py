"""Composite alarms, suppression and muting, second by second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Timeline = Mapping[int, str]  # second → new state


def truth(tree: tuple[str, ...] | tuple[object, ...], states: Mapping[str, str]) -> bool:
    kind, *parts = tree
    if kind == "AND":
        return False not in [truth(part, states) for part in parts]  # type: ignore[arg-type]
    if kind == "OR":
        return True in [truth(part, states) for part in parts]  # type: ignore[arg-type]
    if kind == "NOT":
        return not truth(parts[0], states)  # type: ignore[arg-type]
    if kind == "AT_LEAST":
        count, state, *names = parts
        return len([name for name in names if states[str(name)] == state]) >= int(str(count))
    return states[str(parts[0])] == kind


def composite(tree: tuple[object, ...], children: Mapping[str, Timeline], end: int) -> list[tuple[int, str]]:
    states = dict.fromkeys(children, "INSUFFICIENT_DATA")
    state, made = "INSUFFICIENT_DATA", []
    for second in range(end + 1):
        for name, timeline in children.items():
            states[name] = timeline.get(second, states[name])
        new = "ALARM" if truth(tree, states) else "OK"
        if new != state:
            state = new
            made.append((second, new))
    return made


def suppressed(own: Timeline, suppressor: Timeline, wait: int, extension: int, end: int) -> list[tuple[int, str]]:
    """The actions that are performed: the guide's six examples as a clockwork."""
    alarm, holding, unsaid = "", False, False
    waiting: int | None = None  # seconds left of the wait or of the extension
    done: list[tuple[int, str]] = []
    for second in range(end + 1):
        if second in suppressor:
            if suppressor[second] == "ALARM":
                holding, waiting = True, None
            elif holding:
                holding = False
                waiting = extension if unsaid else None
        if second in own:
            alarm, unsaid = own[second], True
            waiting = None if holding else wait
        if waiting == 0:
            done.append((second, alarm))
            unsaid, waiting = False, None
        elif waiting is not None:
            waiting -= 1
    return done


def muted(own: Timeline, windows: Sequence[tuple[int, int]], end: int) -> list[tuple[int, str]]:
    done: list[tuple[int, str]] = []
    owed = ""
    for second in range(end + 1):
        quiet = any(begins <= second < ends for begins, ends in windows)
        if owed and not quiet:
            done.append((second, owed))
            owed = ""
        if second in own and quiet:
            owed = own[second]
        elif second in own:
            done.append((second, own[second]))
    return done
