using System.Text.Json.Nodes;
using Google.Protobuf;

namespace ControlPlane.Cli.Output;

/// <summary>Specs as people write them.</summary>
internal static class SpecJson
{
    private static readonly (string Field, string Value)[] Defaults = [("onInterfaceGone", "keep"), ("promiscuous", "auto")];

    /// <summary>Returns a spec as JSON, without the fields that have the value of a spec that leaves them out.</summary>
    public static JsonObject Of(IMessage spec)
    {
        var json = MessageJson.Of(spec).AsObject();
        foreach (var (field, value) in Defaults)
        {
            if (json[field]?.ToString() == value)
                json.Remove(field);
        }

        return json;
    }
}
