using ControlPlane.Core.Entries;

namespace ControlPlane.Daemon;

/// <summary>
/// Conditions in the form of a face, for one answer: entries of a list that share their conditions share what they are
/// rendered to.
/// </summary>
/// <typeparam name="T">What a condition is to the face.</typeparam>
/// <param name="render">Makes it from a condition.</param>
internal sealed class SharedConditions<T>(Func<Condition, T> render)
{
    private readonly Dictionary<IReadOnlyList<Condition>, T[]> _rendered = new(ReferenceEqualityComparer.Instance);

    /// <summary>These conditions; nobody may change what comes back.</summary>
    public IReadOnlyList<T> Of(IReadOnlyList<Condition> conditions)
    {
        if (!_rendered.TryGetValue(conditions, out var known))
            _rendered[conditions] = known = [.. conditions.Select(render)];
        return known;
    }
}
