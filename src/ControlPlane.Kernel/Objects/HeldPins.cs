using ControlPlane.Core.Errors;
using ControlPlane.Kernel.Native;

namespace ControlPlane.Kernel.Objects;

/// <summary>An object and its pin.</summary>
/// <param name="Unit">The folder of pins that are made together: that of a devmap, for instance.</param>
/// <param name="Path">The path of the pin, or of a folder.</param>
/// <param name="Object">The object; null for a folder.</param>
internal readonly record struct HeldPin(string Unit, string Path, FileDescriptor? Object)
{
    /// <summary>Whether the pin exists.</summary>
    public bool Exists => Object is null ? Directory.Exists(Path) : File.Exists(Path);
}

/// <summary>Pins objects again whose pins were removed.</summary>
internal static class HeldPins
{
    /// <summary>Pins all objects whose pins are missing. A folder that is missing is made as a whole, so that a crash leaves no half of it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static void Restore(IEnumerable<HeldPin> pins)
    {
        try
        {
            foreach (var unit in pins.GroupBy(p => p.Unit, StringComparer.Ordinal))
            {
                if (unit.All(p => p.Exists))
                    continue;
                if (!Directory.Exists(unit.Key))
                    PinFolder.Publish(unit.Key, staging => MakeAll(unit, path => staging + path[unit.Key.Length..]));
                else
                    MakeAll(unit.Where(p => !p.Exists), path => path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KernelException("mkdir(pins)", Errno.EACCES, e.Message);
        }
    }

    private static void MakeAll(IEnumerable<HeldPin> pins, Func<string, string> place)
    {
        foreach (var pin in pins)
        {
            var path = place(pin.Path);
            if (pin.Object is null)
            {
                PinFolder.Create(path);
                continue;
            }

            PinFolder.Create(Path.GetDirectoryName(path)!);
            Pin.Make(pin.Object, path);
        }
    }
}
