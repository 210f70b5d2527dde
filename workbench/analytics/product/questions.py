"""What `wb.product` shows of itself: the questions it can be asked."""

from __future__ import annotations

from inspect import cleandoc

from workbench.foundation.listing import Listing

__all__ = ["Questions"]


class Questions:
    """What shows itself as the list of what it can be asked: its public methods, and what each answers."""

    _aside = ("anew",)

    def __repr__(self) -> str:
        return repr(self._listed())

    def _repr_html_(self) -> str:
        return self._listed()._repr_html_()

    def _listed(self) -> Listing[str]:
        answers = {
            name: cleandoc(asked.__doc__ or "").split("\n", 1)[0]
            for name, asked in vars(type(self)).items()
            if callable(asked) and not name.startswith("_") and name not in self._aside
        }
        return Listing(
            answers,
            caption="Product analytics",
            row=lambda name: {"question": f"wb.product.{name}(...)", "what it answers": answers[name]},
            empty="There is nothing to ask.",
        )
