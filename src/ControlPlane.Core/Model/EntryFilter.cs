using ControlPlane.Core.Errors;

namespace ControlPlane.Core.Model;

/// <summary>Filters of resources, validated. They are joined by "and".</summary>
/// <param name="Interfaces">All names of the egress interface; null for any interface.</param>
/// <param name="EgressProgram">The egress program; null for any or none.</param>
/// <param name="State">The state; null for any.</param>
/// <param name="Labels">The labels that a resource must have.</param>
/// <param name="Owner">The owner; null for any or none.</param>
internal sealed record EntryFilter(
    IReadOnlySet<string>? Interfaces, string? EgressProgram, EntryState? State, IReadOnlyList<KeyValuePair<string, string>> Labels, string? Owner)
{
    /// <summary>Reads filters; wrong ones are added to the violations.</summary>
    /// <param name="texts">The filters as the caller wrote them.</param>
    /// <param name="violations">Collects the validation errors.</param>
    /// <param name="interfaces">Returns the interfaces, of which one may have the name.</param>
    public static EntryFilter Read(EntryFilterTexts texts, Violations violations, Func<string, InterfaceTable> interfaces)
    {
        IReadOnlySet<string>? names = null;
        if (!string.IsNullOrEmpty(texts.Interface) && !InterfaceName.IsValid(texts.Interface))
            violations.Add("interface", InterfaceName.Rule);
        else if (!string.IsNullOrEmpty(texts.Interface))
            names = interfaces(texts.Interface).NamesOf(texts.Interface).ToHashSet(StringComparer.Ordinal);
        if (!string.IsNullOrEmpty(texts.EgressProgram) && !ProgramName.IsValid(texts.EgressProgram))
            violations.Add("egressProgram", ProgramName.Rule);
        if (!string.IsNullOrEmpty(texts.Owner) && !LabelRules.IsOwner(texts.Owner))
            violations.Add("owner", LabelRules.OwnerRule);
        return new EntryFilter(names, NullIfEmpty(texts.EgressProgram), texts.State, Read(texts.Labels ?? [], violations), NullIfEmpty(texts.Owner));
    }

    /// <summary>Whether the desired state passes; asked first, since it costs no system call.</summary>
    public bool Accepts(EntryRecord record) =>
        Interfaces?.Contains(record.Spec.Interface) != false
        && (EgressProgram is null || record.Spec.EgressProgram == EgressProgram)
        && Accepts(record.Spec.Labels, record.Spec.Owner);

    /// <summary>Whether the labels and the owner of a resource pass.</summary>
    public bool Accepts(Labels labels, string? owner)
    {
        if (Owner is not null && owner != Owner)
            return false;
        foreach (var (name, value) in Labels)
        {
            if (!labels.TryGetValue(name, out var has) || has != value)
                return false;
        }

        return true;
    }

    /// <summary>Whether elements that nobody desires pass. They have no spec, so no filter of the desired state matches them.</summary>
    public bool AcceptsUnmanaged =>
        Interfaces is null && EgressProgram is null && Owner is null && Labels.Count == 0 && Accepts(EntryState.Unmanaged);

    /// <summary>Whether the state passes.</summary>
    public bool Accepts(EntryState state) => State is null || state == State;

    private static List<KeyValuePair<string, string>> Read(IReadOnlyList<string> texts, Violations violations)
    {
        var labels = new List<KeyValuePair<string, string>>(texts.Count);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && LabelRules.IsName(text[..equals]))
                labels.Add(new(text[..equals], text[(equals + 1)..]));
            else
                violations.Add("label", "must be name=value, with a valid label name");
        }

        return labels;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

/// <summary>The filters of a request, not yet validated. Null or empty for any.</summary>
/// <param name="Interface">Only entries with this egress interface.</param>
/// <param name="EgressProgram">Only entries with this egress program.</param>
/// <param name="State">Only entries in this state.</param>
/// <param name="Labels">Only resources that have all of these labels, each as <c>name=value</c>.</param>
/// <param name="Owner">Only resources of this owner.</param>
internal sealed record EntryFilterTexts(string? Interface, string? EgressProgram, EntryState? State, IReadOnlyList<string>? Labels, string? Owner);
