using System.Globalization;

namespace ControlPlane.Core.Errors;

/// <summary>The errors of the history of changes.</summary>
public static class ChangeErrors
{
    /// <summary>A validation error: no change that is kept has the revision.</summary>
    public const string NoSuchChange = "is not the revision of a change of entries, attachments or egress programs";

    private const int MostNamed = 10, MostFields = 100;

    /// <summary>Resources have changed since the change that must be undone.</summary>
    /// <param name="revision">The revision of that change.</param>
    /// <param name="resources">The resources.</param>
    public static Error ChangedSince(long revision, IReadOnlyList<string> resources) => new(
        ErrorCode.RevisionMismatch,
        string.Create(CultureInfo.InvariantCulture, $"Since revision {revision}, others have changed {string.Join(", ", resources.Take(MostNamed))}")
            + (resources.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {resources.Count - MostNamed} more") : "") + ". Nothing was changed.")
        {
            Resource = resources[0],
            Fields = [.. resources.Take(MostFields).Select(r => new FieldViolation(r, "has changed since"))],
            Remedy = new Remedy("Read the changes since (GET /v1/changes). Or repeat the call with force=true, which undoes the change in spite of them."),
        };

    /// <summary>The changes after a revision are no longer kept.</summary>
    /// <param name="revision">The revision.</param>
    /// <param name="floor">The oldest revision after which all changes are kept.</param>
    public static Error Compacted(long revision, long floor) => new(
        ErrorCode.RevisionCompacted,
        floor == long.MaxValue
            ? "This daemon keeps no changes."
            : string.Create(CultureInfo.InvariantCulture, $"The changes after revision {revision} are no longer kept; those after revision {floor} are."))
        {
            Remedy = new Remedy("Use a later revision. History:MaxAge and History:MaxBytes say how many changes are kept."),
        };

    /// <summary>Changes of devmaps cannot be undone.</summary>
    /// <param name="devmap">The devmap.</param>
    /// <param name="revision">The revision of the change.</param>
    public static Error OfDevmap(string devmap, long revision) => new(
        ErrorCode.NotSupported, string.Create(CultureInfo.InvariantCulture, $"Revision {revision} is a change of the devmap '{devmap}' itself, which cannot be undone: its entries are not kept."))
        {
            Resource = $"devmaps/{devmap}",
            Remedy = new Remedy("Put or delete the devmap, or apply a state that was exported before (PUT /v1/state)."),
        };

    /// <summary>Applying a state would delete very much.</summary>
    /// <param name="deletions">How many resources it would delete.</param>
    /// <param name="most">How many it may delete.</param>
    /// <param name="present">How many resources there are.</param>
    public static Error TooManyDeletions(int deletions, int most, int present) => new(
        ErrorCode.TooManyDeletions, string.Create(CultureInfo.InvariantCulture, $"The call would delete {deletions} of the {present} resources of the host, and may delete {most}."))
        {
            Remedy = new Remedy(string.Create(
                CultureInfo.InvariantCulture, $"Look at the plan with dryRun=true. If it is right, repeat the call with allowDeletions={deletions}.")),
        };

    /// <summary>The history cannot be read.</summary>
    public static Error Unreadable(string why) => new(ErrorCode.StoreUnavailable, $"The changes cannot be read: {why}")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        Remedy = new Remedy("Try again later. Nothing was changed."),
    };
}
