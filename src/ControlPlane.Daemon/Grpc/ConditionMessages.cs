using WireCondition = Devmapd.V1.Condition;

namespace ControlPlane.Daemon.Grpc;

/// <summary>
/// The conditions of one answer. Core words the facts of an interface once, however many entries share them; so a condition
/// becomes one message, which all of these carry.
/// </summary>
internal sealed class ConditionMessages
{
    private readonly Dictionary<ControlPlane.Core.Model.Condition, WireCondition> _made = new(ReferenceEqualityComparer.Instance);

    public WireCondition Of(ControlPlane.Core.Model.Condition condition)
    {
        if (!_made.TryGetValue(condition, out var message))
            _made.Add(condition, message = condition.ToMessage());
        return message;
    }
}
