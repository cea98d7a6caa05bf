using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.RandomTopologies;

/// <summary>The word on an entry, and the frames that were sent to it.</summary>
/// <param name="Entry">The entry as the API showed it.</param>
/// <param name="Ways">By which interfaces its frames can come in, in words.</param>
/// <param name="SomeCannotBring">Whether full frames cannot be sent by some of these.</param>
internal sealed record Verdict(Entry Entry, string Ways, bool SomeCannotBring)
{
    /// <summary>By which interface a frame was sent, and whether it came out where the entry says.</summary>
    public List<(string Ingress, bool Arrived)> Outcomes { get; } = [];

    /// <summary>
    /// Why the frames say nothing: none can find the entry, none could be sent, or all arrived of those that could and perhaps the others
    /// would not have. Null when they do.
    /// </summary>
    public string? Open =>
        Entry.Status.Faults.Any(f => f.Type is "KeyReachable" or "IngressAttached") ? "not to be found"
        : Outcomes.Count == 0 ? "not to be sent"
        : !SaysForwarding && SomeCannotBring && Outcomes.TrueForAll(o => o.Arrived) ? "not all to be sent"
        : null;

    /// <summary>Whether word and frames agree: Forwarding if and only if every one arrived.</summary>
    public bool Agrees => Open is not null || SaysForwarding == Outcomes.TrueForAll(o => o.Arrived);

    private bool SaysForwarding => Entry.Status.State == "Forwarding";

    public override string ToString() =>
        $"{Entry.Devmap}/{Entry.Key} -> {Entry.Interface} with {Entry.EgressProgram ?? "none"}, by {Ways}: {Entry.Status.State} "
        + $"({string.Join(", ", Entry.Status.Faults.Select(f => $"{f.Type}/{f.Reason}"))}); frames: {string.Join(", ", Outcomes.Select(o => $"{o.Ingress} {(o.Arrived ? "arrived" : "lost")}"))}";
}
