namespace ControlPlane.Core.Model;

/// <summary>The desired state of a resource, as one change left it.</summary>
public interface IDesiredRecord
{
    /// <summary>The revision of that change.</summary>
    long Revision { get; }
}

/// <summary>The kind of the resource that a change is about.</summary>
public enum ChangedKind
{
    /// <summary>A devmap and its settings.</summary>
    Devmap,

    /// <summary>An entry.</summary>
    Entry,

    /// <summary>The egress program of all entries of a devmap that send to an interface.</summary>
    InterfaceProgram,

    /// <summary>An attachment.</summary>
    Attachment,

    /// <summary>An egress program.</summary>
    Program,

    /// <summary>A token.</summary>
    Token,

    /// <summary>A lease.</summary>
    Lease,
}

/// <summary>The resource that a change is about.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Devmap">The devmap that it is or belongs to; null for programs, tokens and leases.</param>
/// <param name="Key">The key of an entry; null for other kinds.</param>
/// <param name="Name">The name of a program, a token, a lease or an interface; null for devmaps and entries.</param>
public sealed record ChangedResource(ChangedKind Kind, string? Devmap, EntryKey? Key, string? Name);

/// <summary>Who made a change.</summary>
/// <param name="Actor">The caller in words: the token, the certificate, the process and the address, as far as they are known.</param>
/// <param name="Account">The account that the caller acts for, such as <c>token ci</c> or <c>uid 0</c>.</param>
/// <param name="RequestId">The id of the request in logs and answers.</param>
public sealed record ChangeOrigin(string Actor, string Account, string RequestId)
{
    private const string UnixSocket = "unix";

    /// <summary>The daemon itself.</summary>
    public static ChangeOrigin Daemon { get; } = Of(RequestContext.OfDaemon());

    /// <summary>The refusal of the kernel because of which the daemon takes an earlier change of this request back; null if it does not.</summary>
    public string? TakesBack { get; init; }

    /// <summary>Returns the origin of the changes that a request makes.</summary>
    public static ChangeOrigin Of(RequestContext request)
    {
        var caller = request.Caller;
        return new ChangeOrigin(
            caller.IsDaemon || caller.From == UnixSocket ? caller.ToString() : $"{caller}, from {caller.From}", caller.Account.ToString(), request.RequestId);
    }
}

/// <summary>One change of the desired state, as the history keeps it.</summary>
/// <param name="Revision">The revision. Changes of one call can share it.</param>
/// <param name="Time">When the change was stored.</param>
/// <param name="Origin">Who made the change.</param>
/// <param name="Resource">The resource.</param>
/// <param name="Before">
/// The desired state before; null if there was none. A token comes without its hash. Of entries that carried different programs before
/// <see cref="ChangedKind.InterfaceProgram"/>, it has one of these.
/// </param>
/// <param name="After">The desired state after; null if the resource was deleted.</param>
public sealed record ChangeRecord(long Revision, DateTimeOffset Time, ChangeOrigin Origin, ChangedResource Resource, IDesiredRecord? Before, IDesiredRecord? After)
{
    /// <summary>How many resources have changed: 1, and all those entries for <see cref="ChangedKind.InterfaceProgram"/>.</summary>
    public int Count { get; init; } = 1;

    /// <summary>
    /// Why the kernel refused the change, which was then taken back before any reader saw it: the desired state is as before. Null for a change
    /// that lasted.
    /// </summary>
    public string? Refusal { get; init; }
}

/// <summary>Changes that became durable together.</summary>
/// <param name="FirstRevision">The first revision of the commit.</param>
/// <param name="LastRevision">The last revision of the commit.</param>
/// <param name="Time">When they were stored.</param>
/// <param name="Changes">The changes, in the order of their revisions. There can be none: the revisions of some commits belong to no resource.</param>
public sealed record ChangeCommit(long FirstRevision, long LastRevision, DateTimeOffset Time, IReadOnlyList<ChangeRecord> Changes);
