"""The backend that Django loads by the name of this package."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.backends.mysql import base
from django.db.utils import OperationalError

from grokgateway.mysql import places
from grokgateway.mysql.places import Full


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection has a place from before it is opened until it is closed."""

    _leave: Callable[[], object] | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:  # noqa: ANN401 - Any: the driver ships no types
        room = places.of_process(settings.SQL_POOL)
        try:
            room.take()
        except Full as error:
            raise OperationalError(str(error)) from error
        try:
            made = super().get_new_connection(conn_params)
        except BaseException:
            room.give_back()
            raise
        self._leave = room.occupied_by(made)
        return made

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc] # which the stubs leave out
        finally:
            leave, self._leave = self._leave, None
            if leave is not None:
                leave()

    def close_if_unusable_or_obsolete(self) -> None:
        super().close_if_unusable_or_obsolete()
        if (
            self.connection is not None
            and not self.in_atomic_block
            and places.of_process(settings.SQL_POOL).crowded
        ):
            self.close()
