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
