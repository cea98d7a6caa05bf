using System.ComponentModel.DataAnnotations;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The parameters of templates. Each template needs its own and refuses the others.</summary>
internal sealed class ProgramParametersResource
{
    /// <summary>`rewrite-mac`: the source address to set, six hexadecimal octets joined by colons or hyphens; null for other templates.</summary>
    /// <example>02:00:00:00:00:01</example>
    public string? SourceMac { get; init; }

    /// <summary>`rewrite-mac`: the destination address to set, written likewise; null for other templates.</summary>
    /// <example>02:00:00:00:00:02</example>
    public string? DestinationMac { get; init; }

    /// <summary>`push-vlan`: the VLAN id of the tag, 1 to 4094; null for other templates.</summary>
    /// <example>null</example>
    [Range(1, 4094)]
    public long? VlanId { get; init; }
}
