namespace ControlPlane.Core.Programs;

/// <summary>The text forms of the templates.</summary>
public static class EgressTemplates
{
    /// <summary>All templates by their text form.</summary>
    public static IReadOnlyDictionary<string, EgressTemplate> ByText { get; } =
        Enum.GetValues<EgressTemplate>().ToDictionary(Text, StringComparer.Ordinal);

    /// <summary>The text form, for instance <c>rewrite-mac</c>.</summary>
    public static string Text(this EgressTemplate template) => template switch
    {
        EgressTemplate.Count => "count",
        EgressTemplate.Drop => "drop",
        EgressTemplate.RewriteMac => "rewrite-mac",
        EgressTemplate.PushVlan => "push-vlan",
        EgressTemplate.PopVlan => "pop-vlan",
        _ => throw new ArgumentOutOfRangeException(nameof(template), template, "not a template"),
    };
}
