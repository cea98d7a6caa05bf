namespace ControlPlane.UnitTests.Core.Linearizability;

/// <summary>A precondition, before it is known which revision it names.</summary>
internal enum Condition
{
    None,
    MustNotExist,
    MustExist,

    /// <summary>The revision at which the caller has last seen the resource.</summary>
    AsSeen,
}
