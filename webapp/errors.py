"""Every error has one form: {"error": one line}, in JSON, with a status that says whose it is."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

RETRY_SECONDS = 3


class BadRequest(Exception):
    """A request that cannot be answered: HTTP status and one line for the user."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status
        self.message = message


async def bad_request(request: Request, error: BadRequest) -> JSONResponse:
    """Answer a BadRequest."""
    headers = {"Retry-After": str(RETRY_SECONDS)} if error.status == 503 else None
    return JSONResponse({"error": error.message}, error.status, headers)


async def http_error(request: Request, error: HTTPException) -> JSONResponse:
    """Answer what Starlette refuses by itself: an unknown path, a method not allowed."""
    messages = {
        404: "Nothing is at this path; /docs lists what is.",
        405: "This path does not take this method; /docs lists those that it takes.",
    }
    message = messages.get(error.status_code) or f"{HTTPStatus(error.status_code).phrase}."
    return JSONResponse({"error": message}, error.status_code, error.headers)


async def server_error(request: Request, error: Exception) -> JSONResponse:
    """Answer a fault of ours; its traceback is in the log, and holds no picture."""
    return JSONResponse({"error": "The server made a mistake; its log says which."}, 500)


def size_text(size: int) -> str:
    """Return a number of bytes as an error names it: 16 MiB, 200000 bytes."""
    return f"{size >> 20} MiB" if size >= 1 << 20 and size % (1 << 20) == 0 else f"{size} bytes"
