namespace ControlPlane.EndToEndTests.World;

/// <summary>The writes of a crash client by one face.</summary>
/// <remarks>All throw <see cref="RefusedException"/> or <see cref="GoneException"/>.</remarks>
internal interface IWrites
{
    /// <summary>Whether <see cref="Expectation.MustExist"/> can be said.</summary>
    bool KnowsMustExist { get; }

    Task<Fact> PutEntryAsync(EntryWish wish, Expectation expected);

    Task DeleteEntryAsync(string devmap, string key, Expectation expected);

    /// <summary>A program that pushes this VLAN id.</summary>
    Task<Fact> PutProgramAsync(string name, uint vlan, Expectation expected);

    Task DeleteProgramAsync(string name, Expectation expected);

    /// <summary>An attachment in native mode.</summary>
    Task<Fact> AttachAsync(string devmap, string ingress, Expectation expected);

    Task DetachAsync(string devmap, string ingress, Expectation expected);
}
