"""test_cases.py - cases.txt names a test for each case of the store, and each of them is there"""
import linnet
import scenarios

ROWS = [line.split() for line in (linnet.TOP / "tests" / "fault" / "cases.txt").read_text().splitlines()
        if line and not line.startswith("#")]
# K08 is a delivery agent's, of which there is none; K21 belongs to the processes, W02 was never given
WANTED = {f"K{n:02}" for n in range(1, 21)} - {"K08"} | {f"W{n:02}" for n in range(1, 17)} - {"W02"}


def test_each_case_has_a_test():
    assert WANTED - {case for case, _ in ROWS} == set()


def test_each_test_is_there():
    missing = []
    for case, where in ROWS:
        path, _, name = where.partition("::")
        text = (linnet.TOP / path).read_text()
        if path.endswith("scenarios.py"):
            found = case in scenarios.by_name(name).cases.split()
        elif path.endswith(".py"):
            found = f"def {name}(" in text
        else:
            found = name in text
        if not found:
            missing.append(f"{case} {where}")
    assert missing == []
