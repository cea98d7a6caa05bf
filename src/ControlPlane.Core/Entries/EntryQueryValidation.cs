using ControlPlane.Core.Errors;
using ControlPlane.Core.Interfaces;
using ControlPlane.Core.Programs;
using ControlPlane.Core.Reading;

namespace ControlPlane.Core.Entries;

/// <summary>Reads the query of a list of entries.</summary>
internal static class EntryQueryValidation
{
    /// <summary>The filters; wrong ones are added to the faults.</summary>
    public static EntryFilter Filter(EntryQuery query, Violations faults)
    {
        if (query.PageSize is < 1 or > EntryQuery.MaxPageSize)
            faults.Add("pageSize", $"must be 1 to {EntryQuery.MaxPageSize}");
        if (!string.IsNullOrEmpty(query.Interface) && !InterfaceName.IsValid(query.Interface))
            faults.Add("interface", InterfaceName.Rule);
        if (!string.IsNullOrEmpty(query.EgressProgram) && !ProgramName.IsValid(query.EgressProgram))
            faults.Add("egressProgram", ProgramName.Rule);
        return new EntryFilter(
            NullIfEmpty(query.Interface), NullIfEmpty(query.EgressProgram), State(query.State, faults), Labels(query.Labels ?? [], faults));
    }

    /// <summary>The page token; null for the first page.</summary>
    public static PageToken? Token(string devmap, EntryQuery query, Violations faults)
    {
        if (string.IsNullOrEmpty(query.PageToken))
            return null;
        var token = PageToken.Decode(query.PageToken, devmap, query, out var fault);
        if (fault is not null)
            faults.Add("pageToken", fault);
        return token;
    }

    private static EntryState? State(string? text, Violations faults)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        var states = Enum.GetValues<EntryState>();
        var at = Array.FindIndex(states, s => s.ToString() == text);
        if (at >= 0)
            return states[at];
        faults.Add("state", $"must be one of {string.Join(", ", states)}");
        return null;
    }

    private static List<KeyValuePair<string, string>> Labels(IReadOnlyList<string> texts, Violations faults)
    {
        var labels = new List<KeyValuePair<string, string>>(texts.Count);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && LabelRules.IsName(text[..equals]))
                labels.Add(new(text[..equals], text[(equals + 1)..]));
            else
                faults.Add("label", "must be name=value, with a valid label name");
        }

        return labels;
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
