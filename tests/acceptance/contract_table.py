"""The contract as a table: what comes of each fault in each dialect, as `test_dialects` has just proven it."""

from runner.report.columns import table
from runner.report.wording import counted
from tests.acceptance.test_dialects import FAULTS, Cell


def told(cell: Cell) -> str:
    """A cell in short: two clips are wanted, and buying each once costs two bills."""
    outcome = "home" if cell.clips == 2 else "1 home, 1 failed" if "failed" in cell.says else "1 home, 1 held"
    return f"{outcome}, {counted(cell.bills, 'bill')}" if cell.bills != 2 else outcome


def main() -> None:
    dialects = list(next(iter(FAULTS.values()))[1])
    rows = [(fault, *(told(cells[dialect]) for dialect in dialects)) for fault, (_, cells) in FAULTS.items()]
    print("\n".join(table([("of two clips", *dialects), *rows])))


if __name__ == "__main__":
    main()
