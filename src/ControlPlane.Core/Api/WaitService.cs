using ControlPlane.Core.Errors;
using ControlPlane.Core.Model;
using ControlPlane.Core.State;
using ControlPlane.Core.Waiting;

namespace ControlPlane.Core.Api;

/// <summary>The entries that a call waits for. Filters are joined by "and".</summary>
/// <param name="Devmaps">The names of the devmaps. Null or empty for all.</param>
/// <param name="Labels">Only entries that have all of these labels, each as <c>name=value</c>.</param>
/// <param name="Owner">Only entries of this owner. Null or empty for any.</param>
/// <param name="Revision">The revision that the daemon must have reached. Null for any.</param>
public sealed record WaitQuery(
    IReadOnlyList<string>? Devmaps = null, IReadOnlyList<string>? Labels = null, string? Owner = null, long? Revision = null);

/// <summary>The outcome of a wait.</summary>
/// <param name="WaitSatisfied">Whether the daemon has reached the revision and every selected entry forwards. False if no entry is selected.</param>
/// <param name="Revision">The daemon's revision at the end.</param>
/// <param name="Selected">How many entries are selected at the end.</param>
/// <param name="Unsatisfied">The selected entries that do not forward, at most 100.</param>
public sealed record WaitOutcome(bool WaitSatisfied, long Revision, int Selected, IReadOnlyList<UnsatisfiedEntry> Unsatisfied);

/// <summary>Waits for entries that a selector names.</summary>
internal sealed class WaitService(ControlPlaneState state, EntryWaits waits)
{
    /// <summary>Waits until every selected entry has the state, or the time is over.</summary>
    /// <param name="query">The selector, not yet validated.</param>
    /// <param name="wait">How to wait, not yet validated.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="ControlPlaneException">The request is not valid, or the daemon stops.</exception>
    public async Task<WaitOutcome> WaitAsync(WaitQuery query, WaitOptions wait, RequestContext request)
    {
        wait = wait with { For = wait.For ?? WaitState.Forwarding };
        wait.Validate(request.Violations);
        var filter = EntryQueryValidation.Filter(new EntryQuery(Labels: query.Labels, Owner: query.Owner), request.Violations, static _ => InterfaceTable.Empty);
        if (query.Revision < 0 && !request.Violations.Has("revision"))
            request.Violations.Add("revision", "must not be negative");
        request.Violations.ThrowIfAny();
        var devmaps = query.Devmaps is { Count: > 0 } named ? named.Distinct(StringComparer.Ordinal).ToList() : null;
        // Before the wait begins: an unknown devmap fails at once.
        devmaps?.ForEach(name => state.Current.Devmap(name));
        using var waiting = waits.Begin(wait, request)!;
        var result = await waiting.RunAsync(new EntrySelection.Matching(devmaps, filter.Accepts) { Revision = query.Revision ?? 0 });
        return result is { IsStopped: true, IsSatisfied: false }
            ? throw new ControlPlaneException(RequestErrors.WaitEnds())
            : new WaitOutcome(result.IsSatisfied, result.Revision, result.Selected, result.Unsatisfied);
    }
}
