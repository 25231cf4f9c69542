"""One cause, first, of a container group that will never be healthy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from acideploy.diagnose import CodeOrigin
from acideploy.errors import AcideployError, AzureError, ServiceFailedError
from acideploy.targets.aci.failure import Seen, failure_of, overdue
from tests.group_bodies import (
    CRASH_LOOP,
    IMAGE,
    PULL_BACK_OFF,
    PULLED,
    PULLING,
    RUNNING,
    SECRETS,
    STARTED,
    STOPPED,
    ended,
    event,
    group,
    waiting,
)

APP = Path("/var/azureml-app/project")


@pytest.fixture
def origin(tmp_path: Path) -> CodeOrigin:
    """A source directory, deployed to a path that does not exist on this machine."""
    (tmp_path / "project").mkdir()
    lines = ["import os", "", "def init():", "    global model", "    model = load(path)"]
    (tmp_path / "project" / "score.py").write_text("\n".join(lines))
    return CodeOrigin(deployed=APP, origin=tmp_path / "project")


def traceback(exception: str) -> str:
    return f"""2026-01-01 00:00:00,000 I [7] azmlinfsrv - Loaded logging config
2026-01-01 00:00:00,000 E [7] azmlinfsrv - User's init function failed
2026-01-01 00:00:00,000 E [7] azmlinfsrv - Encountered Exception Traceback (most recent call last):
  File "/env/lib/python3.11/site-packages/server/user_script.py", line 119, in invoke_init
    self._user_init()
  File "{APP}/score.py", line 5, in init
    model = load(path)
{exception}

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/env/lib/python3.11/site-packages/server/aml_blueprint.py", line 109, in setup
    self.user_script.invoke_init()
azureml_inference_server_http.server.user_script.UserScriptException: Caught an unhandled exception
"""


def failure(seen: Seen, origin: CodeOrigin) -> AcideployError:
    error = failure_of(seen, service="churn", origin=origin)
    assert error is not None
    told = f"{error} {error.hint} {error.detail}"
    assert not any(secret in told for secret in SECRETS)
    return error


def looped(code: int, *events: dict[str, Any], status: str = "", **more: Any) -> dict[str, Any]:
    """A group whose container has ended for the second time."""
    return group(
        PULLING,
        PULLED,
        STARTED,
        *events,
        current=CRASH_LOOP,
        previous=ended(code, status=status),
        restarts=1,
        **more,
    )


@pytest.mark.parametrize(
    "body",
    [
        group(state="Pending"),
        group(state="Creating", current=waiting("Waiting to run")),
        group(PULLING, state="Creating", current=waiting("ContainerCreating")),
        group(PULLING, PULLED, STARTED, current=RUNNING),
        group(PULLING, PULLED, STARTED, current=ended(3)),
        group(PULLING, PULLED, STARTED, current=CRASH_LOOP, previous=ended(3)),
        group(PULLING, PULLED, STARTED, current=RUNNING, previous=ended(3), restarts=1),
        group(
            STARTED,
            event("Unhealthy", "Readiness probe failed: refused", count=40, warn=True),
            current=RUNNING,
        ),
        group(
            STARTED,
            event("Unhealthy", "Liveness probe failed: refused", count=2, warn=True),
            current=RUNNING,
        ),
        looped(7147),
        # It is counted as started again a moment before it is.
        looped(3, event("Killing", "Container churn terminated with ExitCode 3.")),
        group(
            state="Repairing",
            current={"state": "Terminated", "detailStatus": "Infrastructure Error"},
        ),
        group(
            PULLING,
            event("Failed", f'Failed to pull image "{IMAGE}": timeout', count=2, warn=True),
            current=PULL_BACK_OFF,
            state="Creating",
        ),
        group(
            PULLING,
            event("Failed", f'Failed to pull image "{IMAGE}": unauthorized', warn=True),
            current=PULL_BACK_OFF,
            state="Creating",
        ),
        group(of_group=(event("JoinNetwork", "Join network failed: Timeout.", warn=True),)),
        group(event("FailedMount", "timed out", warn=True), current=waiting("ContainerCreating")),
        {},
    ],
)
def test_what_may_still_become_healthy_is_waited_for(
    body: dict[str, Any], origin: CodeOrigin
) -> None:
    seen = Seen(group=body, log=traceback("KeyError: 'x'"))
    assert failure_of(seen, service="churn", origin=origin) is None


@pytest.mark.parametrize(
    "body",
    [
        looped(3),
        group(STARTED, current=ended(3), restarts=1),
        group(STARTED, current=RUNNING, previous=ended(3), restarts=2),
        group(STARTED, current=ended(3), policy="Never"),
    ],
)
def test_a_crash_on_start_names_the_exception_and_the_line_of_the_users_script(
    body: dict[str, Any], origin: CodeOrigin
) -> None:
    error = failure(Seen(group=body, log=traceback("KeyError: 'x'")), origin)
    assert isinstance(error, ServiceFailedError)
    assert error.exit_code == 8
    assert str(error) == (
        f"service churn failed: init() raised KeyError: 'x' at {origin.origin / 'score.py'}:5:5"
    )
    assert error.cause == "init() raised KeyError: 'x'"
    assert error.place is not None
    assert error.place.text == "    model = load(path)"
    assert error.hint == "acideploy service get-logs -n churn"


def test_the_log_of_the_instance_before_is_read_and_shown_where_only_it_has_the_traceback(
    origin: CodeOrigin,
) -> None:
    body = group(STARTED, current=RUNNING, previous=ended(3), restarts=2)
    begun = "2026-01-01 00:00:09,000 ERROR a library that complains\n"
    seen = Seen(group=body, log=begun, previous_log=traceback("KeyError: 'x'"))
    error = failure(seen, origin)
    assert error.message == "service churn failed: init() raised KeyError: 'x'"
    before, _, now = str(error.detail).partition("last lines of the log:\n")
    assert before.startswith("last lines of the log of the instance before:\n")
    assert "KeyError: 'x'" in before
    assert now.startswith(begun)


def test_the_detail_is_the_last_lines_and_the_last_events(origin: CodeOrigin) -> None:
    log = "".join(f"line {number}\n" for number in range(40))
    error = failure(Seen(group=looped(1), log=log, previous_log=log), origin)
    lines = [f"line {number}" for number in range(25, 40)]
    assert error.detail == "\n".join(
        [
            "last lines of the log:",
            *lines,
            "last events:",
            f'10:00:01 Pulling: pulling image "{IMAGE}"',
            f'10:00:05 Pulled: Successfully pulled image "{IMAGE}"',
            "10:00:20 Started: Started container",
        ]
    )


def test_the_detail_shows_what_the_script_raised_and_not_what_the_server_makes_of_it(
    origin: CodeOrigin,
) -> None:
    log = traceback("KeyError: 'x'") + "2026-01-01 00:00:00,001 I [7] azmlinfsrv - Model files:\n"
    detail = failure(Seen(group=looped(3), log=log), origin).detail or ""
    assert "KeyError: 'x'\n2026-01-01 00:00:00,001 I [7] azmlinfsrv - Model files:" in detail
    assert "UserScriptException" not in detail
    assert "direct cause" not in detail


NOT_FOUND = 'Error: exec: "python3.9": executable file not found in $PATH'
KILLED = "2026-01-01 00:00:00,000 E [1] azmlinfsrv - a worker was killed by SIGKILL: memory?\n"


@pytest.mark.parametrize(
    ("body", "log", "cause", "hint"),
    [
        (
            looped(137),
            KILLED,
            "the service ran out of memory (it has 1.5 GB)",
            "deploy it with `--memory-gb 3`, or with a smaller model",
        ),
        (
            looped(137, status="OOMKilled"),
            "",
            "the service ran out of memory (it has 1.5 GB)",
            "deploy it with `--memory-gb 3`, or with a smaller model",
        ),
        (
            looped(3),
            traceback("MemoryError"),
            "the service ran out of memory (it has 1.5 GB)",
            "deploy it with `--memory-gb 3`, or with a smaller model",
        ),
        (
            looped(3),
            traceback("ModuleNotFoundError: No module named 'sklearn'"),
            "init() raised ModuleNotFoundError: No module named 'sklearn'",
            "add `scikit-learn` to the pip section of the conda file",
        ),
        (
            looped(139),
            "",
            "a library with compiled code crashed (SIGSEGV)",
            "pin other versions, in the conda file, of the packages that the entry script imports",
        ),
        (
            looped(127),
            "sh: 1: gunicorn: not found\n",
            "the image has no gunicorn",
            "choose a base image that has it with `--base-image`, or another Python with "
            "`--python`",
        ),
        (
            looped(128, event("Failed", NOT_FOUND, warn=True)),
            "",
            "the image has no python3.9",
            "choose a base image that has it with `--base-image`, or another Python with "
            "`--python`",
        ),
        (
            looped(126),
            "",
            "the image cannot run the program that is to be run",
            "choose a base image that has it with `--base-image`, or another Python with "
            "`--python`",
        ),
        (
            looped(1),
            "exec /usr/bin/python: exec format error\n",
            "the image is for another kind of processor",
            "choose a base image for linux/amd64 with `--base-image`",
        ),
        (
            looped(143),
            "",
            "its container was ended by SIGTERM",
            "acideploy service get-logs -n churn",
        ),
        (
            looped(0),
            "",
            "its container ends with exit code 0",
            "acideploy service get-logs -n churn",
        ),
        (
            looped(41),
            "nothing\n",
            "its container ends with exit code 41",
            "acideploy service get-logs -n churn",
        ),
        (
            group(STARTED, current=ended(0), policy="OnFailure"),
            "",
            "its container ends with exit code 0",
            "acideploy service get-logs -n churn",
        ),
        (
            group(STARTED, current=STOPPED, previous=RUNNING),
            "",
            "it was stopped meanwhile",
            "acideploy service start -n churn",
        ),
        (
            looped(
                137,
                event(
                    "Unhealthy",
                    "Liveness probe failed: HTTP probe failed with statuscode: 503",
                    at=60,
                    last=80,
                    count=3,
                    warn=True,
                ),
                event("Killing", "Killing container churn (platform initiated).", at=81),
            ),
            "",
            "its liveness probe did not pass: HTTP probe failed with statuscode: 503",
            "acideploy service get-logs -n churn; a slow init() may need more, such as "
            "`--cpu-cores 1`",
        ),
    ],
)
def test_each_way_to_end_has_a_cause_and_a_hint(
    body: dict[str, Any], log: str, cause: str, hint: str, origin: CodeOrigin
) -> None:
    error = failure(Seen(group=body, log=log), origin)
    assert isinstance(error, ServiceFailedError)
    assert error.exit_code == 8
    assert error.message == f"service churn failed: {cause}"
    assert error.hint == hint


def test_a_kill_before_the_probe_failed_is_not_the_probes(origin: CodeOrigin) -> None:
    """A group that is changed in place has its old container killed by the platform, too."""
    body = group(
        event("Killing", "Killing container churn (platform initiated).", at=5),
        STARTED,
        event("Unhealthy", "Liveness probe failed: refused", at=60, count=9, warn=True),
        current=RUNNING,
    )
    assert failure_of(Seen(group=body), service="churn", origin=origin) is None


def pull_failed(text: str, count: int, **more: Any) -> dict[str, Any]:
    message = f'Failed to pull image "{IMAGE}": {text}'
    return group(
        PULLING,
        event("Failed", message, at=3, count=count, warn=True),
        current=PULL_BACK_OFF,
        **{"state": "Creating", **more},
    )


IDENTITY = {"userAssignedIdentities": {"/subscriptions/1/ids/puller": {"principalId": "p-1"}}}
CAPACITY = event("InsufficientCapacity.", "The requested resource is not available.", warn=True)
LESS = (
    "ask for less with `--cpu-cores` and `--memory-gb`, deploy elsewhere with `--location`, "
    "or try again later"
)


@pytest.mark.parametrize(
    ("body", "cause", "hint", "code"),
    [
        (
            pull_failed("manifest unknown", 1),
            f"the registry has no image {IMAGE}",
            "deploy it again with `--overwrite`, which pushes what is missing",
            "ImagePullBackOff",
        ),
        (
            pull_failed("401 Unauthorized", 2),
            f"the registry does not let Azure pull the image {IMAGE}",
            "deploy it again with `--overwrite`, which makes the login to the registry anew",
            "ImagePullBackOff",
        ),
        (
            pull_failed("denied: requested access to the resource is denied", 2, identity=IDENTITY),
            f"the registry does not let Azure pull the image {IMAGE}",
            "az role assignment create --assignee p-1 --role AcrPull "
            "--scope $(az acr show -n contoso --query id -o tsv)",
            "ImagePullBackOff",
        ),
        (
            pull_failed("toomanyrequests: slow down", 3),
            f"the registry answers too many requests for the image {IMAGE}",
            "try again later, or take a base image from mcr.microsoft.com",
            "ImagePullBackOff",
        ),
        (
            pull_failed("no matching manifest for linux/amd64", 1),
            f"the image {IMAGE} is for another kind of processor",
            "choose a base image for linux/amd64 with `--base-image`",
            "ImagePullBackOff",
        ),
        (
            pull_failed("write /layer: no space left on device", 1),
            f"the image {IMAGE} is larger than Azure has room for",
            "leave packages out of the conda file, or choose a smaller base image",
            "ImagePullBackOff",
        ),
        (
            pull_failed("i/o timeout.", 3),
            f"Azure cannot pull the image {IMAGE}: i/o timeout",
            "`acideploy workspace show` tells the registry, which must be up and reachable",
            "ImagePullBackOff",
        ),
        (
            pull_failed("i/o timeout.", 1, state="Failed"),
            f"Azure cannot pull the image {IMAGE}: i/o timeout",
            "`acideploy workspace show` tells the registry, which must be up and reachable",
            "ImagePullBackOff",
        ),
        (
            group(
                event("BackOff", f'Back-off pulling image "{IMAGE}"', count=3, warn=True),
                current=PULL_BACK_OFF,
            ),
            f"Azure cannot pull the image {IMAGE}: ImagePullBackOff",
            "`acideploy workspace show` tells the registry, which must be up and reachable",
            "ImagePullBackOff",
        ),
        (
            group(state="Pending", of_group=(CAPACITY,)),
            "Azure has no room for 0.5 cores and 1.5 GB in westeurope at the moment",
            LESS,
            "InsufficientCapacity",
        ),
        (
            {"status": "Failed", "properties": {"events": [CAPACITY]}},
            "Azure has no room at the moment",
            LESS,
            "InsufficientCapacity",
        ),
        (
            group(
                state="Failed",
                of_group=(event("Failed", "The container group was not provisioned.", warn=True),),
            ),
            "Azure could not start it in westeurope: The container group was not provisioned",
            LESS,
            "Failed",
        ),
        (group(state="Failed"), "Azure could not start it in westeurope", LESS, "Failed"),
        (
            group(
                event("FailedMount", "MountVolume failed for keys.", count=2, warn=True),
                current=waiting("ContainerCreating"),
            ),
            "Azure cannot mount a volume: MountVolume failed for keys",
            "deploy it again with `--overwrite`",
            "FailedMount",
        ),
        (
            group(
                state="Failed",
                of_group=(
                    event("JoinNetwork", 'Join network failed for "1": Timeout.', warn=True),
                ),
            ),
            'it cannot join the virtual network: Join network failed for "1": Timeout',
            "az network vnet subnet update --vnet-name VNET -n SUBNET -g GROUP "
            "--delegations Microsoft.ContainerInstance/containerGroups",
            "JoinNetwork",
        ),
    ],
)
def test_what_keeps_azure_from_running_it_is_azures_failure(
    body: dict[str, Any], cause: str, hint: str, code: str, origin: CodeOrigin
) -> None:
    error = failure(Seen(group=body), origin)
    assert isinstance(error, AzureError)
    assert error.exit_code == 17
    assert str(error) == f"service churn failed: {cause}"
    assert (error.hint, error.code) == (hint, code)


FAILED_ONCE = pull_failed("manifest unknown", 1)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (looped(3), {**looped(3, state="Creating")}),
        (
            group(STARTED, current=RUNNING, restarts=5),
            group(STARTED, current=CRASH_LOOP, restarts=5),
        ),
        (group(current=ended(3), policy="Never"), group(current=ended(3), policy="Never")),
        (FAILED_ONCE, FAILED_ONCE),
        (group(STARTED, current=STOPPED), group(STARTED, current=STOPPED, state="Pending")),
    ],
)
def test_what_failed_before_the_change_is_no_failure_of_it(
    before: dict[str, Any], now: dict[str, Any], origin: CodeOrigin
) -> None:
    seen = Seen(group=now, before=before)
    assert failure_of(seen, service="churn", origin=origin) is None


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (4, group(STARTED, current=CRASH_LOOP, previous=ended(1), restarts=5)),
        (4, group(STARTED, current=RUNNING, previous=ended(1), restarts=6)),
        (4, group(STARTED, current=CRASH_LOOP, previous=ended(1), restarts=1)),
    ],
)
def test_crashes_are_counted_from_the_change(
    before: int, now: dict[str, Any], origin: CodeOrigin
) -> None:
    earlier = group(STARTED, current=RUNNING, previous=ended(0), restarts=before)
    error = failure(Seen(group=now, before=earlier), origin)
    assert error.message == "service churn failed: its container ends with exit code 1"


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        (group(state="Pending"), "Azure has not begun to start it"),
        (group(PULLING, current=waiting("ContainerCreating")), f'pulling image "{IMAGE}"'),
        (group(STARTED, current=CRASH_LOOP), "its container waits (CrashLoopBackOff)"),
        (group(current=waiting("Waiting to run")), "its container waits (Waiting to run)"),
        (pull_failed("timeout.", 1), f'Failed to pull image "{IMAGE}": timeout'),
        (group(STARTED, current=RUNNING), "its container runs, and does not answer"),
        (
            group(
                STARTED,
                event("Unhealthy", "Readiness probe failed: refused.", count=9, warn=True),
                current=RUNNING,
            ),
            "its container runs, and does not answer (Readiness probe failed: refused)",
        ),
    ],
)
def test_what_is_late_says_what_was_last_seen(
    body: dict[str, Any], seen: str, origin: CodeOrigin
) -> None:
    error = overdue(Seen(group=body, log="loading\n"), service="churn", seconds=900, origin=origin)
    assert error.exit_code == 9
    assert str(error) == f"service churn was not healthy within 900 s: {seen}"
    assert "last lines of the log:\nloading" in str(error.detail)


def test_an_init_that_does_not_return_is_named_where_the_time_is_up(origin: CodeOrigin) -> None:
    called = "I [7] azmlinfsrv.user_script - Invoking user's init function\n"
    body = group(STARTED, current=RUNNING)
    error = overdue(Seen(group=body, log=called), service="churn", seconds=900, origin=origin)
    assert str(error) == "service churn was not healthy within 900 s: init() has not returned"
    probed = group(
        STARTED,
        event("Unhealthy", "Liveness probe failed: refused", at=30, count=5, warn=True),
        event("Killing", "Killing container churn (platform initiated).", at=40),
        current=ended(137),
    )
    message = failure(Seen(group=probed, log=called), origin).message
    assert message.endswith("init() had not returned when Azure gave up its liveness probe")
    returned = called + "I [7] azmlinfsrv.user_script - Users's init has completed successfully\n"
    message = failure(Seen(group=probed, log=returned), origin).message
    assert message.endswith("its liveness probe did not pass: refused")
