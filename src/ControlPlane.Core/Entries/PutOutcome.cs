namespace ControlPlane.Core.Entries;

/// <summary>What a PUT did.</summary>
/// <typeparam name="T">The resource's view.</typeparam>
/// <param name="Created">Whether the resource is new; false when it was there, changed or not.</param>
/// <param name="View">The resource after it.</param>
public sealed record PutOutcome<T>(bool Created, T View);
