namespace ControlPlane.Core.Ports;

/// <summary>Which interfaces changed; what is true of them now stands in <see cref="IInterfaces.Current"/>.</summary>
/// <param name="Names">Names that appeared, went or changed, old names of renamed interfaces included.</param>
/// <param name="Everything">Notifications were lost: anything may have changed.</param>
public sealed record LinkChanges(IReadOnlySet<string> Names, bool Everything);
