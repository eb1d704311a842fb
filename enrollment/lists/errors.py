"""Why a list is not read, or not applied."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, Malformed, NotFound, Unacceptable


class ListUnreadable(Malformed):
    """The file is no CSV in UTF-8 and no XLSX that can be read; the detail says what to do."""

    problem = "list-unreadable"
    title = "This list cannot be read"


class ListTooLarge(Malformed):
    """The file has more octets, rows or columns than a list may have."""

    problem = "list-too-large"
    title = "This list is too large"


class ListColumnsMissing(Unacceptable):
    """The file has no row of column names, one column twice, or lacks one that is needed."""

    problem = "list-columns-missing"
    title = "The columns of this list are not the ones needed"


class ListUnknown(NotFound):
    """There is no list of this id, or it is another institution's."""

    problem = "list-unknown"
    title = "There is no such list"


class ListNotReady(Conflict):
    """The list is still being read or was closed: this step comes before or after it."""

    problem = "list-not-ready"
    title = "The list is not at this step"


class ListChanged(Conflict):
    """Somebody accepted or took back proposals since the officer looked at the list."""

    problem = "list-changed"
    title = "The list was changed meanwhile"


class ListOutdated(Conflict):
    """Since the list was compared, another list of the institution was applied."""

    problem = "list-outdated"
    title = "The list was compared with older data"


class SecondListOfficerNeeded(Forbidden):
    """The list drops over two of a hundred people; whoever uploaded it cannot approve it too."""

    problem = "second-list-officer-needed"
    title = "A second officer has to approve this list"
