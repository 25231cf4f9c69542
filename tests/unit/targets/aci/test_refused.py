"""Azure's refusals to make a container group, in the user's terms."""

from __future__ import annotations

import pytest

from acideploy.emulator.aci import refusals
from acideploy.emulator.arm.errors import ArmError, group_not_found
from acideploy.errors import AcideployError, AzureError, BusyError, ConflictError
from acideploy.targets.aci.refused import refused

IMAGE = "contoso.azurecr.io/acideploy/churn:1"
LESS = (
    "ask for less with `--cpu-cores` and `--memory-gb`, deploy elsewhere with `--location`, "
    "or try again later"
)
ROLE = 'az role assignment create --assignee YOU --role "Contributor" --scope /subscriptions/1'
DELEGATE = (
    "az network vnet subnet update --vnet-name VNET -n SUBNET -g GROUP "
    "--delegations Microsoft.ContainerInstance/containerGroups"
)
LOGIN = "`acideploy workspace show` tells how images are pulled; `acideploy folder attach` sets it"
REGION = (
    "The provided location 'mars' is not available for resource type 'Microsoft.ContainerInstance/"
    "containerGroups'. List of available regions for the resource type is 'westus,eastus'."
)
POLICY = (
    "Resource 'churn' was disallowed by policy. Policy identifiers: '[{\"policyAssignment\":"
    '{"name":"Allowed locations","id":"/subscriptions/1/policy"}}]\'.'
)


def told(error: AzureError) -> AcideployError:
    return refused(error, service="churn", location="westeurope", cpu=4, memory=16)


def said(code: str, message: str, status: int = 400, hint: str | None = None) -> AzureError:
    return AzureError(message, status=status, code=code, hint=hint)


def of_emulator(error: ArmError) -> AzureError:
    return said(error.body["error"]["code"], error.body["error"]["message"], error.status)


@pytest.mark.parametrize(
    ("error", "cause", "hint"),
    [
        (
            of_emulator(refusals.inaccessible_image(IMAGE, "g")),
            f"Azure finds no image {IMAGE}, or may not pull it",
            "`acideploy workspace show` tells how images are pulled; an identity needs a role: "
            "az role assignment create --assignee IDENTITY --role AcrPull "
            "--scope $(az acr show -n contoso --query id -o tsv)",
        ),
        (
            of_emulator(refusals.registry_error("contoso.azurecr.io")),
            "the registry contoso.azurecr.io answered Azure with an error",
            "run the same command again in a few minutes",
        ),
        (
            of_emulator(refusals.registry_error("index.docker.io")),
            "the registry index.docker.io answered Azure with an error",
            "take a base image from mcr.microsoft.com: Docker Hub limits the pulls of Azure",
        ),
        (
            of_emulator(
                refusals.quota_reached(
                    "StandardCores", "westeurope", limit=10, usage=9, requested=4
                )
            ),
            "the subscription's quota StandardCores in westeurope does not allow it "
            "(limit 10, used 9, asked for 4)",
            "delete what is not needed (`acideploy service list`), ask for less with "
            "`--cpu-cores`, or deploy elsewhere with `--location`",
        ),
        (
            said("ResourceQuotaExceeded", "No more."),
            "the subscription's quota for container groups in westeurope does not allow it",
            "delete what is not needed (`acideploy service list`), ask for less with "
            "`--cpu-cores`, or deploy elsewhere with `--location`",
        ),
        (
            of_emulator(refusals.no_capacity("westeurope", cpu=4, memory=16, os="Linux")),
            "westeurope has no room for 4 cores and 16 GB at the moment",
            LESS,
        ),
        (
            of_emulator(
                refusals.no_capacity(
                    "westeurope", cpu=4, memory=16, os="Linux", network=" virtual network"
                )
            ),
            "westeurope has no room for 4 cores and 16 GB in a virtual network at the moment",
            LESS,
        ),
        (
            said("ServiceUnavailable", "Try later.", 503),
            "Azure Container Instances is not available at the moment",
            "run the same command again in a few minutes",
        ),
        (
            said(
                "InvalidDnsNameLabel", "The DNS name label 'A' in container group 'g' is invalid."
            ),
            "the DNS name label A is not valid",
            "give 5 to 63 lowercase letters, digits and hyphens with `--dns-name-label`, "
            "a letter first",
        ),
        (
            said("DnsNameLabelNotSupported", "The DNS name label 'a' needs a public IP address."),
            "a service in a virtual network has no DNS name label",
            "leave dnsNameLabel out, or vnetName and subnetName",
        ),
        (
            of_emulator(refusals.cannot_update("g")),
            "Azure does not change this of a service that runs",
            "acideploy service delete -n churn, and deploy it again",
        ),
        (
            said("InvalidRequestContent", "Bad. Path 'properties.volumes[0]', line 1."),
            "Azure does not understand what it was asked for (at properties.volumes[0])",
            "run it again with `--debug`, and report what it says to acideploy's makers",
        ),
        (
            said(
                "AuthorizationFailed",
                "The client 'x' does not have authorization to perform action "
                "'Microsoft.ContainerInstance/containerGroups/write' over scope "
                "'/subscriptions/1'.",
                403,
                ROLE,
            ),
            "you lack a permission, Microsoft.ContainerInstance/containerGroups/write, on "
            "/subscriptions/1",
            ROLE,
        ),
        (
            said(
                "LinkedAuthorizationFailed",
                "The client has permission to perform action 'a' on scope '/s', however the "
                "linked subscription '2' was not found. ",
                403,
                ROLE,
            ),
            "The client has permission to perform action 'a' on scope '/s', however the "
            "linked subscription '2' was not found (LinkedAuthorizationFailed)",
            ROLE,
        ),
        (
            said("AuthorizationFailed", "No.", 403, ROLE),
            "you lack a permission",
            ROLE,
        ),
        (
            said(
                "MissingSubscriptionRegistration",
                "The subscription is not registered to use namespace 'Microsoft.Network'.",
                409,
            ),
            "the subscription is not registered for Microsoft.Network",
            "az provider register --wait -n Microsoft.Network",
        ),
        (
            said("SubscriptionNotRegistered", "Not registered.", 409),
            "the subscription is not registered for Microsoft.ContainerInstance",
            "az provider register --wait -n Microsoft.ContainerInstance",
        ),
        (
            of_emulator(group_not_found("rg")),
            "there is no resource group rg",
            "name another with `--resource-group`, or: az group create -n rg -l westeurope",
        ),
        (
            said("SubscriptionNotFound", "The subscription '1' could not be found.", 404),
            "there is no subscription 1 for you",
            "`az account list -o table` tells them; name one with `--subscription-id`",
        ),
        (
            said("LocationNotAvailableForResourceType", REGION),
            "Azure Container Instances are not offered in westeurope",
            "choose another region with `--location`: westus, eastus",
        ),
        (
            said("RequestDisallowedByPolicy", POLICY, 403),
            "a policy of the subscription forbids it (Allowed locations)",
            "policies ask for tags (`--tag`), regions (`--location`) or a network "
            "(`--vnet-name`, `--subnet-name`); the policy's owner knows",
        ),
        (
            said("AmbiguousImageResitryCredentialType", "Both."),
            "Azure does not accept its login to the registry (AmbiguousImageResitryCredentialType)",
            LOGIN,
        ),
        (
            said("InvalidImageRegistryIdentity", "Not the group's."),
            "Azure does not accept its login to the registry (InvalidImageRegistryIdentity)",
            LOGIN,
        ),
        (
            said("SubnetNotDelegated", "The subnet is not delegated."),
            "it cannot use the virtual network: The subnet is not delegated (SubnetNotDelegated)",
            DELEGATE,
        ),
        (
            said("SomethingNew", "Something is wrong.", hint="do this"),
            "Something is wrong (SomethingNew)",
            "do this",
        ),
    ],
)
def test_a_refusal_has_its_cause_and_what_to_do(error: AzureError, cause: str, hint: str) -> None:
    result = told(error)
    assert isinstance(result, AzureError)
    assert result.exit_code == 17
    assert str(result) == f"service churn cannot be deployed: {cause}"
    assert result.hint == hint
    assert (result.code, result.status) == (error.code, error.status)
    assert str(result.detail).startswith(f"Azure answered {error.code}: ")


@pytest.mark.parametrize(
    "error",
    [
        of_emulator(refusals.label_taken("churn-1", "g")),
        said("DnsNameLabelNotAvailable", "The DNS name label 'churn-1' is not available.", 409),
    ],
)
def test_a_label_that_is_taken_is_a_conflict(error: AzureError) -> None:
    result = told(error)
    assert isinstance(result, ConflictError)
    assert result.exit_code == 5
    assert result.message == (
        "service churn cannot be deployed: the DNS name label churn-1 is taken in westeurope"
    )
    assert result.hint == "choose another with `--dns-name-label`"


def test_a_service_in_another_region_is_a_conflict() -> None:
    message = "The resource 'g' already exists in location 'eastus' in resource group 'rg'."
    result = told(said("InvalidResourceLocation", message, 409))
    assert isinstance(result, ConflictError)
    assert result.message.endswith("it is in eastus already, and cannot move to westeurope")
    assert "--location eastus" in str(result.hint)


@pytest.mark.parametrize(
    "error",
    [
        of_emulator(refusals.transitioning("g")),
        said("AnotherOperationInProgress", "Wait.", 429),
    ],
)
def test_an_operation_under_way_is_busy(error: AzureError) -> None:
    result = told(error)
    assert isinstance(result, BusyError)
    assert result.exit_code == 6
    assert result.message == (
        "service churn cannot be deployed: another operation on it is under way"
    )
    assert "acideploy service show -n churn" in str(result.hint)


def test_no_answer_at_all_is_told_as_it_is() -> None:
    error = AzureError("management.azure.com does not answer")
    assert told(error) is error


@pytest.mark.parametrize("code", ["InvalidRequestContent", "InvalidParameter", "Whatever"])
def test_a_value_that_azure_quotes_is_not_repeated(code: str) -> None:
    """It may be a secret: a key in a volume, a password of a registry."""
    message = 'Error converting value "hunter2\\"hunter3" to type. Path \'properties.volumes\'.'
    result = told(said(code, message))
    assert "hunter" not in f"{result} {result.hint} {result.detail}"
    assert 'value "..." to type' in str(result.detail)


def test_a_value_without_quotes_is_not_repeated_either() -> None:
    message = "Could not convert string to number: hunter2. Path 'properties.volumes', line 1."
    result = told(said("InvalidRequestContent", message))
    assert "hunter2" not in f"{result} {result.hint} {result.detail}"
    assert "number: .... Path 'properties.volumes'" in str(result.detail)


def test_what_may_succeed_later_says_so() -> None:
    error = AzureError("x", status=429, code="TooManyRequests", temporary=True, retry_after=7)
    result = told(error)
    assert isinstance(result, AzureError)
    assert (result.temporary, result.retry_after) == (True, 7)
    hub = told(of_emulator(refusals.registry_error("index.docker.io")))
    assert isinstance(hub, AzureError)
    assert hub.temporary
