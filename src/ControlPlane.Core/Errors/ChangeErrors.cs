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

    /// <summary>The history cannot be read.</summary>
    public static Error Unreadable(string why) => new(ErrorCode.StoreUnavailable, $"The changes cannot be read: {why}")
    {
        RetryAfter = TimeSpan.FromSeconds(5),
        Remedy = new Remedy("Try again later. Nothing was changed."),
    };
}
