using ControlPlane.EndToEndTests.Support;

namespace ControlPlane.EndToEndTests.Crashes;

/// <summary>The writes of a crash client by one face.</summary>
/// <remarks>All throw <see cref="RefusedException"/> or <see cref="NoAnswerException"/>.</remarks>
internal interface IWriteClient
{
    /// <summary>Whether <see cref="Precondition.MustExist"/> can be said.</summary>
    bool KnowsMustExist { get; }

    Task<ResourceVersion> PutEntryAsync(DesiredEntry desired, Precondition expected);

    Task DeleteEntryAsync(string devmap, string key, Precondition expected);

    /// <summary>A program that pushes this VLAN id.</summary>
    Task<ResourceVersion> PutProgramAsync(string name, uint vlan, Precondition expected);

    Task DeleteProgramAsync(string name, Precondition expected);

    /// <summary>An attachment in native mode.</summary>
    Task<ResourceVersion> AttachAsync(string devmap, string ingress, Precondition expected);

    Task DetachAsync(string devmap, string ingress, Precondition expected);
}

/// <summary>What a write asks to be true of its resource; nothing unless said.</summary>
/// <param name="Revision">The revision it must be at.</param>
/// <param name="MustExist">It must be there. gRPC cannot say this.</param>
/// <param name="MustNotExist">It must not be there.</param>
internal readonly record struct Precondition(long? Revision = null, bool MustExist = false, bool MustNotExist = false);

/// <summary>How an entry is to be.</summary>
internal sealed record DesiredEntry(string Devmap, string Key, string Target, string? Program, IReadOnlyDictionary<string, string> Labels, bool AllowPending)
{
    /// <summary>The <see cref="ResourceVersion.Spec"/> it comes to.</summary>
    public string Spec => ResourceVersions.EntrySpec(Target, Program, Labels);
}

/// <summary>The daemon refused.</summary>
/// <param name="code">The code of the catalogue.</param>
/// <param name="detail">What it said.</param>
internal sealed class RefusedException(string code, string? detail) : Exception($"{code}: {detail}")
{
    public string Code => code;
}

/// <summary>There was no answer: the daemon is gone, and what was asked may have happened or not.</summary>
/// <param name="inner">How it showed.</param>
internal sealed class NoAnswerException(Exception inner) : Exception(inner.Message, inner);
