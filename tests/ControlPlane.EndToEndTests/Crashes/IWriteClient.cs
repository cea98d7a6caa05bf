using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>The writes of a crash client, by one API.</summary>
/// <remarks>All throw <see cref="RefusedException"/> or <see cref="NoAnswerException"/>.</remarks>
internal interface IWriteClient
{
    /// <summary>Whether the API has <see cref="Precondition.MustExist"/>.</summary>
    bool HasMustExist { get; }

    Task<ResourceVersion> PutEntryAsync(DesiredEntry desired, Precondition expected);

    Task DeleteEntryAsync(string devmap, string key, Precondition expected);

    /// <summary>Puts a program that pushes a VLAN tag.</summary>
    Task<ResourceVersion> PutProgramAsync(string name, uint vlan, Precondition expected);

    Task DeleteProgramAsync(string name, Precondition expected);

    /// <summary>Attaches in native mode.</summary>
    Task<ResourceVersion> AttachAsync(string devmap, string ingress, Precondition expected);

    Task DetachAsync(string devmap, string ingress, Precondition expected);
}

/// <summary>The condition under which a write happens; none by default.</summary>
/// <param name="Revision">The revision that the resource must have.</param>
/// <param name="MustExist">The resource must exist. gRPC has no such precondition.</param>
/// <param name="MustNotExist">The resource must not exist.</param>
internal readonly record struct Precondition(long? Revision = null, bool MustExist = false, bool MustNotExist = false);

/// <summary>The spec of an entry, with its identity and the options of the request.</summary>
internal sealed record DesiredEntry(string Devmap, string Key, string Target, string? Program, string? NextHop, IReadOnlyDictionary<string, string> Labels, bool AllowPending)
{
    /// <summary>The spec as <see cref="ResourceVersion.Spec"/> writes it.</summary>
    public string Spec => ResourceVersions.EntrySpec(Target, Program, NextHop, Labels);
}

/// <summary>The daemon refused a write.</summary>
/// <param name="code">The error code.</param>
/// <param name="detail">The explanation.</param>
internal sealed class RefusedException(string code, string? detail) : Exception($"{code}: {detail}")
{
    public string Code => code;
}

/// <summary>The daemon ended before it answered. The write may have happened or not.</summary>
/// <param name="inner">The error of the connection.</param>
internal sealed class NoAnswerException(Exception inner) : Exception(inner.Message, inner);
