"""The few pages that the API itself needs: its reference, and one for each kind of problem.

They are plain HTML made here: no script, nothing from elsewhere, so the Content-Security-Policy
has no exceptions.
"""

from __future__ import annotations

from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import current_app, render_template

from core.web.access_control import public
from core.web.problem_catalog import problem_kinds
from core.web.problems import NoSuchPath

pages = APIBlueprint(
    "pages",
    __name__,
    template_folder="templates",
    static_folder="assets",
    static_url_path="/assets",
    enable_openapi=False,
)


@pages.get("/docs")
@public
def reference() -> str:
    """Show the API reference."""
    return render_template("reference.html", spec=_description())


@pages.get("/problems/")
@public
def problem_index() -> str:
    """List every kind of problem."""
    return render_template("problems.html", kinds=problem_kinds())


@pages.get("/problems/<slug>")
@public
def problem_page(slug: str) -> str:
    """Explain one kind of problem: the page that a problem's ``type`` names."""
    for kind in problem_kinds():
        if kind.slug == slug:
            return render_template("problem.html", kind=kind)
    raise NoSuchPath("There is no problem of this name.")


def _description() -> dict[str, Any]:
    # Derived from the routes once: it does not change while the process lives.
    known = current_app.extensions
    if "camtrust_openapi" not in known:
        known["camtrust_openapi"] = cast(APIFlask, current_app).spec
    description: dict[str, Any] = known["camtrust_openapi"]
    return description


def schema_name(schema: dict[str, Any]) -> str:
    """Return a short name for a JSON schema in the reference."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(schema_name(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {schema_name(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


pages.add_app_template_filter(schema_name, "schema_name")
