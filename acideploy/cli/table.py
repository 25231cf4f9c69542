"""Every command, with where it is defined and the line that help shows for it.

Nothing is imported until a command is used: `--help` and completion stay fast.
"""

from __future__ import annotations

from acideploy.cli.groups import Commands, Entry, LazyGroup

_COMMANDS = "acideploy.cli.commands"

MODEL = LazyGroup(
    "model",
    "Register models, and put them behind a URL.",
    {
        "deploy": Entry(f"{_COMMANDS}.deploy:deploy", "Deploy models as a web service."),
        "register": Entry(f"{_COMMANDS}.register:register", "Register a file or a folder."),
        "list": Entry(f"{_COMMANDS}.model:list_models", "List the registered models."),
        "show": Entry(f"{_COMMANDS}.model:show", "Show one version of a model."),
        "update": Entry(f"{_COMMANDS}.model:update", "Change tags, properties or description."),
        "delete": Entry(f"{_COMMANDS}.model:delete", "Delete one version of a model."),
        "download": Entry(f"{_COMMANDS}.model:download", "Write a model's files to a folder."),
        "package": Entry(f"{_COMMANDS}.package:package", "Make an image of a service."),
        "copy": Entry(f"{_COMMANDS}.model:copy", "Copy a model to another store."),
        "profile": Entry(f"{_COMMANDS}.retired:profile", "No longer exists.", hidden=True),
    },
)

SERVICE = LazyGroup(
    "service",
    "Look after the deployed web services.",
    {
        "list": Entry(f"{_COMMANDS}.service:list_services", "List the services."),
        "show": Entry(f"{_COMMANDS}.service:show", "Show a service."),
        "run": Entry(f"{_COMMANDS}.score:score", "Send a scoring request, print the answer."),
        "get-logs": Entry(f"{_COMMANDS}.logs:get_logs", "Print the log of a service."),
        "get-keys": Entry(f"{_COMMANDS}.service:get_keys", "Show the keys of a service."),
        "regen-key": Entry(f"{_COMMANDS}.service:regen_key", "Change a key of a service."),
        "update": Entry(f"{_COMMANDS}.update:update", "Change a running service."),
        "diagnose": Entry(f"{_COMMANDS}.service:diagnose", "Say why a service does not answer."),
        "history": Entry(f"{_COMMANDS}.service:history", "List earlier revisions of a service."),
        "exec": Entry(f"{_COMMANDS}.execute:execute", "Run a command in a service."),
        "rollback": Entry(f"{_COMMANDS}.service:rollback", "Deploy an earlier revision again."),
        "stop": Entry(f"{_COMMANDS}.service:stop", "Stop a service, keeping it deployed."),
        "start": Entry(f"{_COMMANDS}.service:start", "Start a stopped service."),
        "restart": Entry(f"{_COMMANDS}.service:restart", "Stop a service and start it again."),
        "delete": Entry(f"{_COMMANDS}.service:delete", "Delete a service. Models stay."),
        "get-access-token": Entry(
            f"{_COMMANDS}.retired:get_access_token", "No longer exists.", hidden=True
        ),
    },
)

WORKSPACE = LazyGroup(
    "workspace",
    "Where models and services are kept.",
    {
        "show": Entry(f"{_COMMANDS}.workspace:show", "Show the workspace in use."),
        "prune": Entry(f"{_COMMANDS}.workspace:prune", "Remove what no service uses."),
    },
)

FOLDER = LazyGroup(
    "folder",
    "Tie a folder to where models and images are kept.",
    {"attach": Entry(f"{_COMMANDS}.folder:attach", "Tie a folder to a workspace or a registry.")},
)

EMULATOR = LazyGroup(
    "emulator",
    "Azure on this machine: Container Instances that run, registries, sign-in.",
    {
        "start": Entry(f"{_COMMANDS}.emulator:start", "Start Azure on this machine."),
        "stop": Entry(f"{_COMMANDS}.emulator:stop", "Stop it; what it knows is kept."),
        "status": Entry(f"{_COMMANDS}.emulator:status", "Show whether it runs, and where."),
        "reset": Entry(f"{_COMMANDS}.emulator:reset", "Stop it, and forget everything in it."),
        "env": Entry(f"{_COMMANDS}.emulator:env", "Print the variables for its clients."),
        "logs": Entry(f"{_COMMANDS}.emulator:logs", "Print what it was asked."),
        "run": Entry(f"{_COMMANDS}.emulator:run", "Run a command with it."),
    },
)

ENVIRONMENT = LazyGroup(
    "environment",
    "The interpreter and the packages that a script runs with.",
    {
        "lock": Entry(f"{_COMMANDS}.environment:lock", "Write down every package, with its hash."),
        "upgrade": Entry(
            f"{_COMMANDS}.environment:upgrade", "Propose versions that can still be had."
        ),
    },
)

COMMANDS: Commands = {
    "init": Entry(f"{_COMMANDS}.init:init", "Make a folder that deploys."),
    "check": Entry(f"{_COMMANDS}.check:check", "Find what is wrong before deploying."),
    "model": MODEL,
    "service": SERVICE,
    "environment": ENVIRONMENT,
    "workspace": WORKSPACE,
    "folder": FOLDER,
    "emulator": EMULATOR,
    "completion": Entry(f"{_COMMANDS}.completion:completion", "Print a shell completion script."),
}
