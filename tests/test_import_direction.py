"""scraping → odds, mappings; never back, and never into each other's rooms."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = ("mappings", "odds", "scraping")

# Who may import what of the apps. The records that cross the border are mappings.shapes.
ALLOWED = {
    "mappings": ("mappings",),
    "odds": ("odds", "mappings.shapes"),
    "scraping": ("scraping", "odds", "mappings"),
    "oddsproject.realtime": (),
    "oddsproject.api": (),
}


def modules(package):
    """Python files of a package; its tests may look anywhere."""
    folder = ROOT / package.replace(".", "/")
    return [path for path in folder.rglob("*.py") if "tests" not in path.relative_to(folder).parts]


def imported_names(path):
    """Every dotted name a module imports, wherever in it: "a.b" for `from a import b` too."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def is_within(name, prefixes):
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def wrong_imports(package, allowed):
    for path in modules(package):
        for name in imported_names(path):
            if not is_within(name, APPS) or is_within(name, allowed):
                continue
            # `from mappings import shapes` names both the package and the module.
            if any(module.startswith(f"{name}.") for module in allowed):
                continue
            yield f"{path.relative_to(ROOT)} imports {name}"


def test_imports_go_one_way():
    wrong = [line for package, allowed in ALLOWED.items() for line in wrong_imports(package, allowed)]
    assert not wrong, "\n".join(sorted(set(wrong)))


def test_the_rule_sees_every_module_of_the_apps():
    for package in ALLOWED:
        assert len(modules(package)) >= 5, package


def test_the_rule_notices_a_wrong_import(tmp_path, monkeypatch):
    (tmp_path / "odds").mkdir()
    (tmp_path / "odds" / "sly.py").write_text(
        "def f():\n    from scraping import services\n    import mappings.models\n"
    )
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    found = sorted(wrong_imports("odds", ALLOWED["odds"]))
    assert found == [
        "odds/sly.py imports mappings.models",
        "odds/sly.py imports scraping",
        "odds/sly.py imports scraping.services",
    ]
