using ControlPlane.Core.Entries;

namespace ControlPlane.Core.Reading;

/// <summary>The filters of a list, validated.</summary>
internal sealed record EntryFilter(
    string? Interface, string? EgressProgram, EntryState? State, IReadOnlyList<KeyValuePair<string, string>> Labels)
{
    /// <summary>Whether the desired state passes; asked first, since it costs no system call.</summary>
    public bool Accepts(EntryRecord record)
    {
        if (Interface is not null && record.Interface != Interface)
            return false;
        if (EgressProgram is not null && record.EgressProgram != EgressProgram)
            return false;
        foreach (var (name, value) in Labels)
        {
            if (!record.Labels.TryGetValue(name, out var has) || has != value)
                return false;
        }

        return true;
    }

    /// <summary>Whether the state passes.</summary>
    public bool Accepts(EntryState state) => State is null || state == State;
}
