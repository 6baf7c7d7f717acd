"""Errors and diagnostics. The compiled half raises the classes of this module by their names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or warning about a scenario."""

    code: str
    """Stable code, such as ``E0701``; ``docs/diagnostics.md`` explains each."""
    line: int
    """Line in the text, counted from 1."""
    column: int
    """Column in characters, counted from 1."""
    field: str
    """Path of the key, such as ``station.desk.servers``; empty for the whole file."""
    message: str
    """One sentence without a full stop."""
    help: str | None
    """Suggested correction, if there is one."""
    is_error: bool
    """True for an error, false for a warning; a scenario with warnings can run."""
    text: str
    """All of it in one line, with the name of the file."""

    def __str__(self) -> str:
        return self.text


class Error(Exception):
    """The reason why a scenario was not read, run or compared."""

    message: str
    """One sentence without a full stop."""
    help: str | None
    """Advice on how to avoid the error, if there is one."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message, help)
        self.message = message
        self.help = help

    def __str__(self) -> str:
        return self.message if self.help is None else f"{self.message}\n  help: {self.help}"


class MissingError(Error, KeyError):
    """A figure or table that results do not have; a ``KeyError`` too."""


class ScenarioError(Error):
    """A scenario with errors."""

    diagnostics: list[Diagnostic]
    """Its errors in the order of the text, then its warnings."""

    def __init__(
        self, message: str, help: str | None, text: str, diagnostics: list[Diagnostic]
    ) -> None:
        super().__init__(message, help)
        # All arguments, so that a copy in another process can be made of them.
        self.args = (message, help, text, diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return str(self.args[2])
