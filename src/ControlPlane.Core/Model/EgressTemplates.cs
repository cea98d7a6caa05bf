namespace ControlPlane.Core.Model;

/// <summary>The egress programs one can instantiate. The values are those of <c>bpf/devmapd.h</c>.</summary>
public enum EgressTemplate
{
    /// <summary>Counts frames and lets them leave.</summary>
    Count = 0,

    /// <summary>Drops every frame.</summary>
    Drop = 1,

    /// <summary>Sets the Ethernet source and destination address.</summary>
    RewriteMac = 2,

    /// <summary>Pushes an 802.1Q tag.</summary>
    PushVlan = 3,

    /// <summary>Removes the outer 802.1Q or 802.1ad tag; untagged frames leave as they are.</summary>
    PopVlan = 4,
}

/// <summary>The text forms of the templates.</summary>
public static class EgressTemplates
{
    /// <summary>All templates by their text form.</summary>
    public static IReadOnlyDictionary<string, EgressTemplate> ByText { get; } =
        Enum.GetValues<EgressTemplate>().ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>The text form, for instance <c>rewriteMac</c>.</summary>
    public static string Text(this EgressTemplate template) => template switch
    {
        EgressTemplate.Count => "count",
        EgressTemplate.Drop => "drop",
        EgressTemplate.RewriteMac => "rewriteMac",
        EgressTemplate.PushVlan => "pushVlan",
        EgressTemplate.PopVlan => "popVlan",
        _ => throw new ArgumentOutOfRangeException(nameof(template), template, "not a template"),
    };
}
