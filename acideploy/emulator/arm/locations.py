"""Where resources can be: Azure's public regions by name."""

from __future__ import annotations

LOCATIONS = {
    "eastus": "East US",
    "eastus2": "East US 2",
    "southcentralus": "South Central US",
    "westus2": "West US 2",
    "westus3": "West US 3",
    "australiaeast": "Australia East",
    "southeastasia": "Southeast Asia",
    "northeurope": "North Europe",
    "swedencentral": "Sweden Central",
    "uksouth": "UK South",
    "westeurope": "West Europe",
    "centralus": "Central US",
    "southafricanorth": "South Africa North",
    "centralindia": "Central India",
    "eastasia": "East Asia",
    "japaneast": "Japan East",
    "koreacentral": "Korea Central",
    "canadacentral": "Canada Central",
    "francecentral": "France Central",
    "germanywestcentral": "Germany West Central",
    "italynorth": "Italy North",
    "norwayeast": "Norway East",
    "polandcentral": "Poland Central",
    "switzerlandnorth": "Switzerland North",
    "uaenorth": "UAE North",
    "brazilsouth": "Brazil South",
    "northcentralus": "North Central US",
    "westus": "West US",
    "westcentralus": "West Central US",
    "japanwest": "Japan West",
    "koreasouth": "Korea South",
    "southindia": "South India",
    "australiasoutheast": "Australia Southeast",
    "canadaeast": "Canada East",
    "ukwest": "UK West",
    "centraluseuap": "Central US EUAP",
    "eastus2euap": "East US 2 EUAP",
}


def normalized(location: object) -> str:
    """`West US` is written `westus`; anything but a text is no location."""
    return location.replace(" ", "").lower() if isinstance(location, str) else ""
