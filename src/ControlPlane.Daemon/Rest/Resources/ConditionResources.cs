using ControlPlane.Core.Model;

namespace ControlPlane.Daemon.Rest.Resources;

/// <summary>The conditions of one answer: entries of a page that share their list share what it is rendered to.</summary>
internal sealed class ConditionResources
{
    private readonly Dictionary<IReadOnlyList<Condition>, ConditionResource[]> _rendered = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<ConditionResource> Of(IReadOnlyList<Condition> conditions)
    {
        if (!_rendered.TryGetValue(conditions, out var known))
            _rendered[conditions] = known = [.. conditions.Select(ConditionResource.From)];
        return known;
    }
}
